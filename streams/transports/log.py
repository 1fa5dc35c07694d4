"""The embedded log: topics in partitions, records, and how far each group of consumers has come, in one directory.

One process owns the directory; others may read it (LogReader). Nothing here knows of Faust or asyncio: `write` and what
else changes the log is called by one thread, everything else by another.
"""

from __future__ import annotations

import fcntl
import json
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

from schemas.errors import DataInUse, Misuse
from streams.failpoint import failpoint
from streams.transports.log_file import FILE_NAME, connect, explained
from streams.transports.log_reader import OFFSET_MASK, LogReader, bounds
from streams.transports.record import NewRecord, Partition, Record

# from the oldest record on; from the end when there is none
_JOIN = """INSERT OR IGNORE INTO offsets VALUES(?1, ?2, coalesce(
    (SELECT min(id) - ?3 FROM records WHERE id >= ?3 AND id < ?4), (SELECT end FROM partitions WHERE number = ?2)))"""


class Log(LogReader):
    """The owner's view of a log. `now` gives seconds since the epoch, for the time stamps and for retention."""

    def __init__(self, directory: Path, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = _own(directory)
        try:
            self._writer = connect(directory / FILE_NAME, create=True)
            super().__init__(directory)
            self._kept: dict[str, tuple[float | None, bool]] = {}  # topic -> seconds of retention, compacted
            self._number: dict[Partition, int] = {}
            self._end: dict[Partition, int] = {}  # the next offset; everything before it is durable
            self._load()
        except BaseException:
            self._lock.close()
            raise

    def close(self) -> None:
        """Give the directory up."""
        super().close()
        self._writer.close()
        self._lock.close()

    # -- topics

    def create_topic(
        self, name: str, *, partitions: int = 1, retention: timedelta | None = None, compacted: bool = False
    ) -> None:
        """Create a topic, or change how an existing one is kept; the number of its partitions stays."""
        seconds = retention.total_seconds() if retention else None
        if self._kept.get(name) == (seconds, compacted):
            return
        missing = [] if name in self._kept else [Partition(name, number) for number in range(partitions)]
        numbers = {partition: len(self._number) + i for i, partition in enumerate(missing, start=1)}
        with self._transaction():
            self._writer.execute("INSERT OR REPLACE INTO topics VALUES(?, ?, ?)", (name, seconds, compacted))
            rows = [(number, *partition) for partition, number in numbers.items()]
            self._writer.executemany("INSERT INTO partitions(number, topic, partition) VALUES(?, ?, ?)", rows)
        self._kept[name] = (seconds, compacted)
        # replaced, not changed: another thread may be iterating over them
        self._end = self._end | dict.fromkeys(numbers, 0)
        self._number = self._number | numbers

    def has_topic(self, name: str) -> bool:
        return name in self._kept

    def partitions(self, topic: str) -> list[Partition]:
        """The partitions of a topic; none when there is no such topic."""
        return [partition for partition in self._number if partition.topic == topic]

    def partition_for(self, topic: str, key: bytes | None) -> Partition:
        """Where records with this key go. Raises Misuse when there is no such topic."""
        found = self.partitions(topic)
        if not found:
            raise Misuse(f"{self.directory} has no topic {topic!r}; declare it before sending to it")
        return found[zlib.crc32(key or b"") % len(found)]

    # -- writing

    def append(self, topic: str, key: bytes | None, value: bytes | None, headers: Mapping[str, bytes]) -> int:
        """Append one record durably; its offset. For command lines."""
        return self.write([NewRecord(self.partition_for(topic, key), key, value, headers)])[0]

    def write(
        self, records: Sequence[NewRecord], offsets: Mapping[Partition, int] | None = None, consumers: str = ""
    ) -> list[int]:
        """Append records, then note how far a group of consumers has come, all in one transaction.

        The offsets of the records. Once it returns, a crash or a power cut loses nothing of it.
        """
        failpoint("log.before_write")
        ends = dict(self._end)
        places = [_take(ends, record.partition) for record in records]
        rows = [self._row(record, offset) for record, offset in zip(records, places, strict=True)]
        reached = [(consumers, self._number[partition], offset) for partition, offset in (offsets or {}).items()]
        with self._transaction():
            self._writer.executemany("INSERT INTO records VALUES(?, ?, ?, ?, ?)", rows)
            self._writer.executemany("INSERT OR REPLACE INTO offsets VALUES(?, ?, ?)", reached)
        self._end.update(ends)
        failpoint("log.after_write")
        return places

    def join(self, consumers: str, topics: Iterable[str]) -> None:
        """Note that a group of consumers reads these topics: what it has not acknowledged is kept from now on."""
        wanted = list(topics)
        for topic in wanted:
            if not self.has_topic(topic):
                self.create_topic(topic)
        numbers = [self._number[partition] for topic in wanted for partition in self.partitions(topic)]
        rows = [(consumers, number, *bounds(number)) for number in numbers]
        with self._transaction():
            self._writer.executemany(_JOIN, rows)

    # -- reading

    def read(self, partition: Partition, start: int, *, records: int, size: int) -> list[Record]:
        """Durable records from offset `start` on: the first one, and more while they fit into both limits (bytes)."""
        low, _ = bounds(self._number[partition])
        return self._read(partition, low + start, low + self._end[partition], records, size)

    def first(self, partition: Partition) -> int:
        """The offset of the oldest record that is kept, or the end."""
        return self._span(self._number[partition])[0]

    def end(self, partition: Partition) -> int:
        """One past the offset of the last durable record."""
        return self._end.get(partition, 0)

    def committed(self, consumers: str) -> dict[Partition, int]:
        """How far a group of consumers has come: the next offset it would read after a crash."""
        names = {number: partition for partition, number in self._number.items()}
        rows = self._query("SELECT number, next FROM offsets WHERE consumers = ?", consumers)
        return {names[number]: offset for number, offset in rows}

    # -- retention

    def sweep(self, limit: int = 500) -> bool:
        """Drop at most `limit` records per partition that are past their retention or superseded in a compacted topic.

        Never one that a group of consumers has not acknowledged. Whether there may be more to drop.
        """
        more = [self._sweep(partition, limit) for partition in self._number]
        return any(more)

    def _sweep(self, partition: Partition, limit: int) -> bool:
        seconds, compacted = self._kept[partition.topic]
        low, high = bounds(number := self._number[partition])
        bound = low + self._acknowledged(partition)
        found: list[tuple[int]] = []
        with explained(self.file):
            if seconds is not None:
                found += self._expired(low, bound, seconds, limit)
            if compacted:
                found += self._superseded(low, high, bound, limit)
        if found:
            with self._transaction():
                # when the last records go, their offsets must not be given again
                self._writer.execute("UPDATE partitions SET end = ? WHERE number = ?", (self._end[partition], number))
                self._writer.executemany("DELETE FROM records WHERE id = ?", found)
        return len(found) >= limit

    def _acknowledged(self, partition: Partition) -> int:
        """The offset that all groups of consumers have reached; the end when there is none."""
        query = "SELECT min(next) FROM offsets WHERE number = ?"
        with explained(self.file):
            (reached,) = self._writer.execute(query, (self._number[partition],)).fetchone()
        return self._end[partition] if reached is None else int(reached)

    def _expired(self, low: int, bound: int, seconds: float, limit: int) -> list[tuple[int]]:
        query = "SELECT id, timestamp FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
        oldest = (self._now() - seconds) * 1000
        expired: list[tuple[int]] = []
        for identity, timestamp in self._writer.execute(query, (low, bound, limit)).fetchall():
            if timestamp >= oldest:
                break
            expired.append((identity,))
        return expired

    def _superseded(self, low: int, high: int, bound: int, limit: int) -> list[tuple[int]]:
        query = (
            "SELECT id FROM records WHERE id >= ?1 AND id < ?3 AND key IS NOT NULL AND id NOT IN"
            " (SELECT max(id) FROM records WHERE id >= ?1 AND id < ?2 GROUP BY key) LIMIT ?4"
        )
        return self._writer.execute(query, (low, high, bound, limit)).fetchall()

    # -- inside

    def _load(self) -> None:
        for name, seconds, compacted in self._query("SELECT name, retention_seconds, compacted FROM topics"):
            self._kept[str(name)] = (seconds, bool(compacted))
        for topic, partition, number in self._query("SELECT topic, partition, number FROM partitions ORDER BY 1, 2"):
            place = Partition(str(topic), partition)
            self._number[place] = number
            self._end[place] = self._last_end(number)

    def _last_end(self, number: int) -> int:
        low, high = bounds(number)
        query = (
            "SELECT (SELECT max(id) FROM records WHERE id >= ? AND id < ?), end,"
            " (SELECT max(next) FROM offsets WHERE number = ?) FROM partitions WHERE number = ?"
        )
        ((highest, floor, reached),) = self._query(query, low, high, number, number)
        after_last = 0 if highest is None else (highest & OFFSET_MASK) + 1
        return int(max(after_last, floor, reached or 0))

    def _row(self, record: NewRecord, offset: int) -> tuple[int, int, bytes | None, bytes | None, str]:
        low, _ = bounds(self._number[record.partition])
        timestamp = self._now() if record.timestamp is None else record.timestamp
        headers = json.dumps({name: value.decode("latin-1") for name, value in record.headers.items()})
        return low + offset, int(timestamp * 1000), record.key, record.value, headers

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with explained(self.file):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # a full disk may have rolled it back already
                    self._writer.execute("ROLLBACK")
                raise


def _own(directory: Path) -> IO[str]:
    """A lock on the directory that ends with the process. Raises DataInUse when another one holds it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / "lock").open("w")
    except OSError as error:
        raise Misuse(f"{directory} cannot be used for the log: {error.strerror}; name another directory") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise DataInUse(f"{directory} is in use by another process; stop it first or name another directory") from error
    return lock


def _take(ends: dict[Partition, int], partition: Partition) -> int:
    offset = ends[partition]
    ends[partition] = offset + 1
    return offset
