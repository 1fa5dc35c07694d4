"""Records to events, once for all stages that read the same topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from schemas.envelope import decode
from schemas.model import Event
from schemas.topics import Topic

HELD_BYTES = 8 * 2**20  # of records

_Place = tuple[str, bytes, int]  # topic, id, hash of the body: the same id may come with another content


class Incoming(Protocol):
    """A record as delivered."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Any  # mapping or pairs of str and bytes


class _Held(NamedTuple):
    event: Event
    size: int
    readers: int  # stages that have not had it yet


class Decoder:
    """Holds an event that is read by two stages, or was said by this process, until every stage here has had it.

    Nothing is lost by forgetting: what is not held is decoded. Of what another process reads, or what is more than
    HELD_BYTES, the oldest is forgotten.
    """

    def __init__(self, reads: Iterable[tuple[Topic, ...]] = ()) -> None:
        self._readers = Counter(topic.name for topics in reads for topic in topics)
        self._held: dict[_Place, _Held] = {}
        self._size = 0

    def event(self, record: Incoming) -> Event:
        """The event of a record. Raises Undecodable or TooNew."""
        headers = dict(record.headers or {})
        place = _place(record.topic, headers, record.value or b"")
        held = self._held.pop(place, None)
        if held is None:
            event = decode(record.value, headers).event
            held = _Held(event, len(record.value or b""), self._readers[record.topic])
        else:
            self._size -= held.size
        self._hold(place, held._replace(readers=held.readers - 1))
        return held.event

    def said(self, topic: str, headers: Mapping[str, bytes], body: bytes, event: Event) -> None:
        """This is what the body says, for when it is read here."""
        place = _place(topic, headers, body)
        again = self._held[place].readers if place in self._held else 0
        self._forget(place)
        self._hold(place, _Held(event, len(body), self._readers[topic] + again))

    def _hold(self, place: _Place, held: _Held) -> None:
        if held.readers <= 0:
            return
        self._held[place] = held
        self._size += held.size
        while self._size > HELD_BYTES:
            self._forget(next(iter(self._held)))

    def _forget(self, place: _Place) -> None:
        if place in self._held:
            self._size -= self._held.pop(place).size


def _place(topic: str, headers: Mapping[str, bytes], body: bytes) -> _Place:
    return topic, headers.get("ce_id", b""), hash(body)
