"""The embedded log without Faust: appending, reading, retention, compaction, and what it says when it cannot go on."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import CorruptData, DataInUse, DiskFull, Misuse
from streams.transports.log import Log
from streams.transports.log_reader import LogReader
from streams.transports.record import NewRecord, Partition, Record, TopicSummary

HOUR = 3600.0
FIRST = Partition("t", 0)


class Hours:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.hours = 1_000.0

    def __call__(self) -> float:
        return self.hours * HOUR


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def log(tmp_path: Path, hours: Hours) -> Iterator[Log]:
    opened = Log(tmp_path / "log", now=hours)
    opened.create_topic("t", retention=timedelta(hours=10))
    yield opened
    opened.close()


def put(log: Log, *values: str, topic: str = "t", key: str = "k") -> list[int]:
    return [log.append(topic, key.encode(), value.encode(), {}) for value in values]


def values(log: LogReader, topic: str = "t", last: int | None = None) -> list[str]:
    return [(record.value or b"").decode() for record in log.records(topic, last)]


def sweep(log: Log) -> None:
    while log.sweep(2):
        pass


def again(log: Log, hours: Hours) -> Log:
    log.close()
    return Log(log.directory, now=hours)


def test_records_are_read_back_in_order_with_all_their_parts(log: Log, hours: Hours) -> None:
    log.write([NewRecord(FIRST, b"\xffkey", b"\x00value", {"h": b"\xfe\x00"}, 12.5), NewRecord(FIRST, None, None)])
    assert list(log.records("t")) == [
        Record("t", 0, 0, 12.5, b"\xffkey", b"\x00value", {"h": b"\xfe\x00"}),
        Record("t", 0, 1, hours(), None, None, {}),
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.binary(), st.binary(), st.dictionaries(st.text(max_size=5), st.binary(max_size=5)))))
def test_any_bytes_survive(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[bytes, bytes, dict[str, bytes]]]
) -> None:
    with Log(tmp_path_factory.mktemp("any")) as log:
        log.create_topic("t")
        offsets = log.write([NewRecord(FIRST, *parts) for parts in records])
        assert offsets == list(range(len(records)))
        assert [(record.key, record.value, record.headers) for record in log.records("t")] == records


def test_the_last_records_and_the_topics_can_be_listed_while_another_owns_the_log(log: Log) -> None:
    put(log, "a", "b", "c")
    with LogReader(log.directory) as reader:
        assert values(reader, last=2) == ["b", "c"]
        assert values(reader, last=9) == ["a", "b", "c"]
        assert values(reader, last=0) == []
        assert reader.topics() == [TopicSummary("t", 1, 0, 3, 3)]
        with pytest.raises(Misuse, match="has no topic 'u'; it has t"):
            reader.records("u")


def test_partitions_are_merged_by_time_and_keep_the_order_of_a_key(log: Log, hours: Hours) -> None:
    log.create_topic("many", partitions=3)
    for number in range(12):
        hours.hours += 1
        put(log, str(number), topic="many", key=str(number % 4))
    assert values(log, "many") == [str(number) for number in range(12)]
    assert values(log, "many", last=4) == ["8", "9", "10", "11"]
    used = {log.partition_for("many", str(key).encode()) for key in range(40)}
    assert used == set(log.partitions("many"))
    assert log.topics()[0] == TopicSummary("many", 3, 0, 12, 12)


def test_reading_stops_at_the_number_of_records_and_at_their_size_but_gives_one_at_least(log: Log) -> None:
    put(log, "x" * 100, "y" * 100, "z" * 100)
    assert len(log.read(FIRST, 0, records=2, size=10**6)) == 2
    assert [record.offset for record in log.read(FIRST, 1, records=9, size=1)] == [1]
    assert len(log.read(FIRST, 0, records=9, size=150)) == 2
    assert log.read(FIRST, 3, records=9, size=1) == []


def test_what_is_past_its_retention_goes_and_its_offsets_are_never_given_again(log: Log, hours: Hours) -> None:
    put(log, "a", "b", "c")
    hours.hours += 5
    put(log, "d")
    hours.hours += 6
    sweep(log)
    assert values(log) == ["d"]
    assert (log.first(FIRST), log.end(FIRST)) == (3, 4)
    hours.hours += 20
    sweep(log)
    assert values(log) == []
    reopened = again(log, hours)
    assert reopened.topics() == [TopicSummary("t", 1, 4, 4, 0)]
    assert put(reopened, "e") == [4]
    reopened.close()


def test_retention_waits_for_the_slowest_group_of_consumers(log: Log, hours: Hours) -> None:
    put(log, "a", "b", "c")
    log.join("slow", ["t"])
    log.join("fast", ["t"])
    log.write([], {FIRST: 3}, "fast")
    hours.hours += 100
    sweep(log)
    assert values(log) == ["a", "b", "c"]
    log.write([], {FIRST: 2}, "slow")
    sweep(log)
    assert values(log) == ["c"]


def test_compaction_keeps_the_last_record_of_each_key_and_what_is_not_acknowledged(log: Log, hours: Hours) -> None:
    log.create_topic("c", compacted=True)
    log.join("group", ["c"])
    for number in range(6):
        put(log, str(number), topic="c", key=str(number % 2))
    log.write([NewRecord(Partition("c", 0), None, b"no key")])
    log.write([], {Partition("c", 0): 3}, "group")
    hours.hours += 10_000
    sweep(log)
    assert values(log, "c") == ["3", "4", "5", "no key"]
    log.write([], {Partition("c", 0): 7}, "group")
    sweep(log)
    assert values(log, "c") == ["4", "5", "no key"]


def test_groups_begin_at_the_oldest_record_and_go_on_where_they_were(log: Log, hours: Hours) -> None:
    put(log, "a", "b")
    hours.hours += 11
    put(log, "c")
    sweep(log)
    log.join("group", ["t", "new"])
    assert log.committed("group") == {FIRST: 2, Partition("new", 0): 0}
    log.write([], {FIRST: 3}, "group")
    log.join("group", ["t"])
    assert log.committed("group")[FIRST] == 3
    assert log.committed("nobody") == {}


def test_a_topic_can_be_kept_differently_later_but_keeps_its_partitions(log: Log, hours: Hours) -> None:
    put(log, "a")
    log.create_topic("t", partitions=5, retention=timedelta(hours=1))
    assert len(log.partitions("t")) == 1
    reopened = again(log, hours)
    hours.hours += 2
    sweep(reopened)
    assert values(reopened) == []
    reopened.close()


def test_appending_to_an_unknown_topic_says_so(log: Log) -> None:
    with pytest.raises(Misuse, match="has no topic 'u'"):
        log.append("u", b"", b"", {})


# -- whose directory it is


def test_a_second_owner_is_refused(log: Log) -> None:
    with pytest.raises(DataInUse, match=f"{log.directory} is in use by another process"):
        Log(log.directory)


def test_another_process_is_refused_until_the_first_ends(log: Log) -> None:
    script = f"from pathlib import Path; from streams.transports.log import Log; Log(Path({str(log.directory)!r}))"
    refused = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert "DataInUse" in refused.stderr
    log.close()
    subprocess.run([sys.executable, "-c", script], timeout=60, check=True)


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misuse, match="cannot be used for the log"):
        Log(tmp_path / "file")


def test_reading_where_no_log_is_says_so(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="holds no log yet"):
        LogReader(tmp_path)
    (tmp_path / "log.sqlite").touch()
    with pytest.raises(Misuse, match="holds no log yet"):
        LogReader(tmp_path)


# -- files that are not ours, or not whole


def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "log.sqlite"
    with sqlite3.connect(file) as foreign:
        foreign.execute("CREATE TABLE recipes(name)")
    foreign.close()
    before = file.read_bytes()
    with pytest.raises(CorruptData, match=f"{file} is a database, but none of ours; move it away"):
        Log(tmp_path)
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(CorruptData, match="restore it from a copy, or move it away"):
        Log(tmp_path)


def test_a_damaged_log_is_named_and_the_directory_is_free_again(log: Log, hours: Hours) -> None:
    put(log, *("x" * 5_000 for _ in range(50)))
    log.close()
    whole = log.file.read_bytes()
    log.file.write_bytes(whole[:4096] + b"\xaa" * (len(whole) - 4096))
    for _ in range(2):
        with pytest.raises(CorruptData, match="is damaged"):
            Log(log.directory)


def test_a_log_of_a_newer_version_is_not_touched(log: Log) -> None:
    log.close()
    with sqlite3.connect(log.file) as file:
        file.execute("PRAGMA user_version=99")
    file.close()
    with pytest.raises(CorruptData, match="newer version of this program; upgrade it"):
        Log(log.directory)


def test_an_empty_file_left_by_a_crash_becomes_a_log(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite").touch()
    with Log(tmp_path) as log:
        assert log.topics() == []


def test_a_full_disk_loses_nothing_acknowledged_and_works_again_after_room_was_made(log: Log, hours: Hours) -> None:
    put(log, "a")
    log.join("group", ["t"])
    (pages,) = log._writer.execute("PRAGMA page_count").fetchone()
    log._writer.execute(f"PRAGMA max_page_count={pages + 4}")
    with pytest.raises(DiskFull, match=f"no room is left for {log.file}; nothing acknowledged was lost"):
        log.write([NewRecord(FIRST, b"k", b"x" * 10**6), NewRecord(FIRST, b"k", b"y")], {FIRST: 1}, "group")
    assert values(log) == ["a"]
    assert log.committed("group") == {FIRST: 0}
    log._writer.execute("PRAGMA max_page_count=100000")
    assert put(log, "b") == [1]
    reopened = again(log, hours)
    assert values(reopened) == ["a", "b"]
    reopened.close()
