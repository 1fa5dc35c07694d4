"""The wire form: what is encoded decodes to the same, and nothing else decodes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import decode, encode
from schemas.errors import TooNew, Undecodable
from schemas.windows import WindowTouched
from tests.samples import AFTER, commit

TOUCH = WindowTouched(definition="daily", day=date(2026, 2, 11), cause="rows")
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(title=TEXT, body=st.lists(TEXT))
def test_what_is_encoded_decodes_to_the_same(title: str, body: list[str]) -> None:
    event = commit(1).model_copy(update={"title": title, "body": tuple(body)})
    key, value, headers = encode(event, source="sources", time=AFTER)
    envelope = decode(value, headers)
    assert envelope.event == event
    assert (envelope.id, envelope.source, envelope.time) == (event.id, "commitwire/sources", AFTER)
    assert key.decode() == event.key


def test_the_same_event_has_the_same_id_whenever_it_is_said() -> None:
    again = commit(1).model_copy(update={"observed_at": datetime(2030, 1, 1, tzinfo=UTC)})
    assert again.id == commit(1).id != commit(2).id


@given(st.binary(max_size=200), st.sampled_from([b"", b"commitwire.Nothing.v1", b"other.X.v1", b"commitwire.X.vx"]))
def test_bytes_that_are_no_event_are_undecodable(body: bytes, kind: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(body, {"ce_type": kind})


@given(st.binary(max_size=200))
def test_a_body_that_is_not_what_the_header_says_is_undecodable(body: bytes) -> None:
    _, _, headers = encode(TOUCH, source="s", time=AFTER)
    with pytest.raises(Undecodable):
        decode(body, headers)


@pytest.mark.parametrize("sha", ["", "two words", "3f2a\n", "３f2a", "é1"])
def test_a_commit_whose_id_no_store_could_look_up_is_undecodable(sha: str) -> None:
    _, body, headers = encode(commit(1), source="s", time=AFTER)
    with pytest.raises(Undecodable, match="sha"):
        decode(body.replace(json.dumps(commit(1).sha).encode(), json.dumps(sha).encode()), headers)


def test_a_newer_version_says_so() -> None:
    _, body, headers = encode(TOUCH, source="s", time=AFTER)
    with pytest.raises(TooNew, match="v2 is newer"):
        decode(body, {**headers, "ce_type": b"commitwire.WindowTouched.v2"})
