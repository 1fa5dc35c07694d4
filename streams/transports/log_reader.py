"""Reading a log without owning it: for command lines, also while another process writes."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from schemas.errors import Misuse
from streams.transports.log_file import FILE_NAME, OFFSET_BITS, connect, explained
from streams.transports.record import Partition, Record, TopicSummary

OFFSET_MASK = (1 << OFFSET_BITS) - 1
_PAGE = 200  # records: a long listing holds no read transaction while somebody reads it
_COLUMNS = "id, timestamp, key, value, headers"
_Row = tuple[int, int, bytes | None, bytes | None, str | None]


class LogReader:
    """What stands in the log of a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.file = directory / FILE_NAME
        if not self.file.exists():
            raise Misuse(f"{directory} holds no log yet; start the program with this directory first")
        self._reader = connect(self.file, create=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._reader.close()

    def topics(self) -> list[TopicSummary]:
        """All topics by name."""
        return [self._summary(name) for (name,) in self._query("SELECT name FROM topics ORDER BY name")]

    def records(self, topic: str, last: int | None = None) -> Iterator[Record]:
        """The records of a topic, oldest first: all, or the `last` n. Raises Misuse when there is no such topic."""
        numbers = self._numbers(topic)
        if not numbers:
            raise Misuse(f"{self.directory} has no topic {topic!r}; it has {', '.join(t.name for t in self.topics())}")
        starts = {p: (n, self._start_of_last(n, last)) for p, n in numbers.items()}
        merged = heapq.merge(*(self._pages(p, n, start) for p, (n, start) in starts.items()), key=lambda r: r.timestamp)
        if last is None:
            return merged
        return iter(list(merged)[-last:] if last else [])

    def _numbers(self, topic: str) -> dict[Partition, int]:
        rows = self._query("SELECT partition, number FROM partitions WHERE topic = ? ORDER BY partition", topic)
        return {Partition(topic, partition): number for partition, number in rows}

    def _summary(self, topic: str) -> TopicSummary:
        spans = [self._span(number) for number in self._numbers(topic).values()]
        first, end, records = (sum(column) for column in zip(*spans, strict=True))
        return TopicSummary(topic, len(spans), first, end, records)

    def _span(self, number: int) -> tuple[int, int, int]:
        """First offset, the one past the last, and how many records there are between."""
        rows = self._query(
            "SELECT (SELECT min(id) FROM records WHERE id >= ?1 AND id < ?2), (SELECT max(id) FROM records"
            " WHERE id >= ?1 AND id < ?2), (SELECT count(*) FROM records WHERE id >= ?1 AND id < ?2), end"
            " FROM partitions WHERE number = ?3",
            *bounds(number),
            number,
        )
        lowest, highest, count, floor = rows[0]
        if highest is None:
            return floor, floor, 0
        return lowest & OFFSET_MASK, max((highest & OFFSET_MASK) + 1, floor), count

    def _start_of_last(self, number: int, last: int | None) -> int:
        low, high = bounds(number)
        if last is None:
            return low
        query = "SELECT id FROM records WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1 OFFSET ?"
        rows = self._query(query, low, high, max(last - 1, 0))
        return int(rows[0][0]) if rows else low

    def _pages(self, partition: Partition, number: int, start: int) -> Iterator[Record]:
        _, high = bounds(number)
        query = f"SELECT {_COLUMNS} FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT {_PAGE}"
        while rows := self._query(query, start, high):
            yield from (as_record(partition, row) for row in rows)
            start = rows[-1][0] + 1

    def _read(self, partition: Partition, low: int, high: int, records: int, size: int) -> list[Record]:
        """Records with row ids from `low` to below `high`: the first one, and more while they fit into both limits."""
        found: list[Record] = []
        with explained(self.file):
            query = f"SELECT {_COLUMNS} FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
            rows = self._reader.execute(query, (low, high, records))
            for row in rows:
                found.append(as_record(partition, row))
                size -= found[-1].size
                if size <= 0:
                    break
            rows.close()
        return found

    def _query(self, query: str, *values: object) -> list[Any]:
        with explained(self.file):
            return self._reader.execute(query, values).fetchall()


def bounds(number: int) -> tuple[int, int]:
    """The row ids of a partition: from the first to below the second."""
    return number << OFFSET_BITS, (number + 1) << OFFSET_BITS


def as_record(partition: Partition, row: _Row) -> Record:
    identity, milliseconds, key, value, headers = row
    pairs = {name: text.encode("latin-1") for name, text in json.loads(headers or "{}").items()}
    return Record(*partition, identity & OFFSET_MASK, milliseconds / 1000, key, value, pairs)
