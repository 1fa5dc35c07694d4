"""A subscriber's place in the embedded log. It reads beside the process that owns the directory, whichever that is."""

from __future__ import annotations

from pathlib import Path

from streams.transports.log_reader import LogReader, bounds
from streams.transports.record import Partition, Record

GROUP_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$"
RECORDS, BYTES = 50, 4 * 2**20  # that are read at once


def group_of(name: str, namespace: str = "commitwire") -> str:
    """The group of consumers of a subscriber."""
    return f"{namespace}.subscriber.{name}"


class LogSubscription(LogReader):
    """The records of a topic that a group has not had yet."""

    def __init__(self, directory: Path, topic: str, consumers: str) -> None:
        """Raises Misuse when there is no log yet."""
        super().__init__(directory)
        self._topic = topic
        self._held: list[Record] = []
        query = "SELECT partition, next FROM offsets JOIN partitions USING (number) WHERE topic = ? AND consumers = ?"
        self._reached: dict[int, int] = dict(self._query(query, topic, consumers))
        self.known = frozenset(self._reached)  # partitions in which the group had a place

    def next(self) -> Record | None:
        """The next record, or None when there is no other now. It comes once, however often it is acknowledged."""
        if not self._held:
            for partition, number in self._numbers(self._topic).items():
                self._held += self._ahead(partition, number)
        return self._held.pop(0) if self._held else None

    def _ahead(self, partition: Partition, number: int) -> list[Record]:
        low, high = bounds(number)
        reached = self._reached.get(partition.partition, 0)
        found = self._read(partition, low + reached, high, RECORDS, BYTES)
        if found:
            self._reached[partition.partition] = found[-1].offset + 1
        return found
