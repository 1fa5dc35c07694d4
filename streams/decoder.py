"""Records to events, once for all stages that read the same topic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from schemas.envelope import decode
from schemas.model import Event
from schemas.topics import Topic

HELD = 2_000  # events: more are not waited for, they are decoded again


class Incoming(Protocol):
    """A record as delivered."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Any  # mapping or pairs of str and bytes


class Decoder:
    """Holds a decoded event until the second stage of two asks for it; of topics with one reader nothing is held.

    What is held is not acknowledged yet, and so is bounded by what the broker hands out at once.
    """

    def __init__(self, reads: Iterable[tuple[Topic, ...]] = ()) -> None:
        names = [topic.name for topics in reads for topic in topics]
        self._shared = {name for name in names if names.count(name) > 1}
        self._held: dict[tuple[str, int, int], Event] = {}

    def event(self, record: Incoming) -> Event:
        """The event of a record. Raises Undecodable or TooNew."""
        place = (record.topic, record.partition, record.offset)
        event = self._held.pop(place, None)
        if event is None:
            event = decode(record.value, dict(record.headers or {})).event
            if record.topic in self._shared and len(self._held) < HELD:
                self._held[place] = event
        return event
