"""Decoding once for several stages: the same events, whoever asks first, and nothing held in the end."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from schemas.envelope import encode
from schemas.errors import Undecodable
from schemas.topics import ANALYSES, COMMITS, SCORES
from streams.decoder import Decoder
from tests.samples import AFTER, commit


@dataclass
class Raw:
    offset: int
    value: bytes | None
    headers: dict[str, bytes]
    topic: str = COMMITS.name
    partition: int = 0
    key: bytes | None = field(default=b"key")


def raw(number: int) -> Raw:
    _, body, headers = encode(commit(number), source="test", time=AFTER)
    return Raw(number, body, headers)


def test_the_second_reader_gets_the_very_same_event_and_the_third_an_equal_one() -> None:
    decoder = Decoder([(COMMITS,), (COMMITS, ANALYSES)])
    first, second, third = (decoder.event(raw(1)) for _ in range(3))
    assert first is second
    assert third is not first
    assert third == first == commit(1)


def test_places_are_told_apart() -> None:
    decoder = Decoder([(COMMITS,), (COMMITS,)])
    assert decoder.event(raw(1)) == commit(1)
    assert decoder.event(raw(2)) == commit(2)
    moved = raw(2)
    moved.offset, moved.partition = 1, 1
    assert decoder.event(moved) == commit(2)


def test_topics_with_one_reader_hold_nothing() -> None:
    decoder = Decoder([(COMMITS,), (SCORES,)])
    assert decoder.event(raw(1)) is not decoder.event(raw(1))


def test_what_cannot_be_decoded_is_refused_to_each_reader() -> None:
    decoder = Decoder([(COMMITS,), (COMMITS,)])
    for _ in range(2):
        with pytest.raises(Undecodable):
            decoder.event(Raw(1, b"junk", {"ce_type": b"junk"}))


def test_what_this_process_said_is_handed_to_each_reader_as_it_was() -> None:
    decoder = Decoder([(COMMITS,), (COMMITS, ANALYSES)])
    said, record = commit(1), raw(1)
    assert record.value is not None
    decoder.said(COMMITS.name, record.headers, record.value, said)
    assert decoder.event(record) is said
    assert decoder.event(record) is said
    assert decoder.event(record) is not said


def test_another_body_under_the_same_id_is_decoded() -> None:
    decoder = Decoder([(COMMITS,)])
    record, other = raw(1), raw(1)
    assert record.value is not None
    decoder.said(COMMITS.name, record.headers, record.value, commit(1))
    other.value = record.value + b" "
    assert decoder.event(other) is not decoder.event(record)


def test_what_nobody_here_reads_does_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.decoder.HELD_BYTES", 3 * len(raw(1).value or b""))
    decoder = Decoder([(COMMITS,)])
    said = {number: commit(number) for number in range(1, 9)}
    for number, event in said.items():
        record = raw(number)
        decoder.said(COMMITS.name, record.headers, record.value or b"", event)
    held = [number for number, event in said.items() if decoder.event(raw(number)) is event]
    assert 1 <= len(held) <= 3
    assert held[-1] == 8
