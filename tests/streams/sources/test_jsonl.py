import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.commits import CommitObserved
from schemas.day import EARLIEST, LATEST
from streams.sources.jsonl import LINE_LIMIT, BadLine, read_jsonl

NOW = datetime(2024, 1, 1, tzinfo=UTC)
SHA = "abcdef1" + "0" * 33
GOOD: dict[str, Any] = {
    "repo": "git/git", "sha": SHA.upper(), "committed_at": "2024-01-01T00:30:00+08:00",
    "author": "Ada <ada@x>", "title": "One\ntwo", "body": ["a", "", "Co-authored-by: B <b@x>", "  c  "],
}  # fmt: skip


def read(*lines: bytes) -> list[CommitObserved | BadLine]:
    return list(read_jsonl(lines, lambda: NOW))


def one(**changes: Any) -> CommitObserved | BadLine:
    line = {key: value for key, value in (GOOD | changes).items() if value is not ...}
    return read(json.dumps(line).encode())[0]


def commit(**changes: Any) -> CommitObserved:
    found = one(**changes)
    assert isinstance(found, CommitObserved), found
    return found


def test_a_line() -> None:
    event = commit(unknown=1)
    assert (event.repo, event.sha, event.title, event.body) == ("github.com/git/git", SHA, "One", ("a", "  c"))
    assert event.committed_at == event.authored_at == datetime(2023, 12, 31, 16, 30, tzinfo=UTC)
    assert (event.author.name, event.author.email, event.co_authors[0].name) == ("Ada", "ada@x", "B")
    assert (event.detail, event.parents, event.files_total) == ("message", None, None)


def test_files_and_parents() -> None:
    files = [{"path": "README.md", "status": "M", "additions": 1, "deletions": 2}, {"path": "a.py", "status": "A"}]
    event = commit(files=files, parents=["A" * 40])
    assert [(f.path, f.additions) for f in event.files] == [("a.py", None), ("README.md", 1)]
    assert (event.detail, event.files_total, event.additions, event.deletions) == ("files", 2, 1, 2)
    assert event.parents == ("a" * 40,)
    merge = commit(files=files, parents=["a" * 40, "b" * 40])
    assert (merge.is_merge, merge.files, merge.additions, merge.files_total) == (True, (), 0, 0)


def test_dates_are_clamped() -> None:
    assert commit(committed_at="1960-01-01T00:00:00Z").committed_at == EARLIEST
    far = commit(committed_at="9999-12-31T23:59:59-12:00", authored_at="2024-01-01T00:00:00Z")
    assert (far.committed_at, far.notes) == (LATEST, ("clamped-date",))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"repo": ...}, "repo is missing"),
        ({"repo": "flask"}, "repo: 'flask' is no repository name"),
        ({"sha": "xyz"}, "sha must be 40 or 64 hex digits"),
        ({"sha": "abcdef1"}, "sha must be 40 or 64 hex digits"),
        ({"sha": "a" * 41}, "sha must be 40 or 64 hex digits"),
        ({"sha": 5}, "sha must be a text"),
        ({"committed_at": "2024-01-01T00:00:00"}, "committed_at needs an offset"),
        ({"committed_at": "soon"}, "committed_at must be an ISO date"),
        ({"authored_at": "soon"}, "authored_at must be"),
        ({"author": None}, "author is missing"),
        ({"title": ...}, "title is missing"),
        ({"body": "text"}, "body must be a list"),
        ({"body": [1]}, "body must be a list of texts"),
        ({"parents": "a"}, "parents must be a list"),
        ({"parents": ["zz"]}, "parents must be 40 or 64"),
        ({"files": [{"path": "a", "status": "X"}]}, "files[0].status must be one of A, M"),
        ({"files": [{"status": "A"}]}, "files[0].path is missing"),
        ({"files": [{"path": "a", "status": "A", "additions": -1}]}, "files[0].additions must be"),
        ({"files": [{"path": "a", "status": "A", "additions": True}]}, "files[0].additions must be"),
    ],
)
def test_bad_lines_name_the_field(changes: dict[str, Any], reason: str) -> None:
    found = one(**changes)
    assert isinstance(found, BadLine)
    assert found.number == 1
    assert found.reason.startswith(reason)


def test_lines_are_numbered_and_bad_ones_stop_nobody() -> None:
    good = json.dumps(GOOD).encode() + b"\r\n"
    found = read(b"\xef\xbb\xbf" + good, b"\n", b"{\n", b"[]\n", b"\xff\n", b"[" * 100_000 + b"\n", b"  \n", good)
    assert [line.number if isinstance(line, BadLine) else line.sha for line in found] == [
        SHA,
        3,
        4,
        5,
        6,
        SHA,
    ]


def test_a_line_that_is_too_long_is_skipped_whole() -> None:
    good = json.dumps(GOOD).encode()
    file = io.BytesIO(b"x" * (LINE_LIMIT + 10) + b"\n" + good + b"\n" + good)
    assert [line.number if isinstance(line, BadLine) else line.sha for line in read_jsonl(file, lambda: NOW)] == [
        1, SHA, SHA,
    ]  # fmt: skip

    def endless() -> Iterator[bytes]:
        yield b"x" * (LINE_LIMIT + 1) + b"\n"
        yield good

    assert len(list(read_jsonl(endless(), lambda: NOW))) == 2


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "files", "parents", "authored_at"]), JSON))
def test_any_object_is_a_commit_or_a_reason(changes: dict[str, Any]) -> None:
    found = one(**changes)
    if isinstance(found, CommitObserved):
        found.model_dump_json().encode()
    else:
        assert found.reason


@given(st.lists(st.binary(max_size=40)))
def test_any_bytes_are_answered(lines: list[bytes]) -> None:
    assert all(isinstance(found, BadLine) for found in read(*lines))


@given(st.text(), st.lists(st.text()), st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_is_read(title: str, body: list[str], when: datetime) -> None:
    event = commit(title=title, body=body, committed_at=when.isoformat())
    assert event.committed_at == min(max(when, EARLIEST), LATEST)
    assert event.title == event.title.strip()
