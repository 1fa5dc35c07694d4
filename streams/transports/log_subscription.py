"""What a group of consumers has not had yet of a topic of the embedded log, read beside the process that owns it."""

from __future__ import annotations

from pathlib import Path

from streams.transports.log_reader import LogReader, bounds
from streams.transports.record import Partition, Record

RECORDS, BYTES = 50, 4 * 2**20  # that are read at once


class LogSubscription(LogReader):
    """Each record comes once, be it acknowledged or not. `known` are the partitions in which the group has been."""

    def __init__(self, directory: Path, topic: str, group: str) -> None:
        """Raises Misuse when there is no log yet."""
        super().__init__(directory)
        self._topic = topic
        self._held: list[Record] = []
        query = "SELECT partition, next FROM offsets JOIN partitions USING (number) WHERE topic = ? AND consumers = ?"
        self._next: dict[int, int] = dict(self._query(query, topic, group))
        self.known = frozenset(self._next)

    def next(self) -> Record | None:
        """The next record, or None when there is no other now."""
        if not self._held:
            for partition, number in self._numbers(self._topic).items():
                self._held += self._ahead(partition, number)
        return self._held.pop(0) if self._held else None

    def _ahead(self, partition: Partition, number: int) -> list[Record]:
        low, high = bounds(number)
        found = self._read(partition, low + self._next.get(partition.partition, 0), high, RECORDS, BYTES)
        if found:
            self._next[partition.partition] = found[-1].offset + 1
        return found
