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
