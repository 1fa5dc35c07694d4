"""A subscriber of the reports that needs aiokafka and nothing of Commitwire.

    python subscriber.py HOST:9092 FILE [--topic commitwire.reports] [--group reports-to-a-file]

Each report becomes one line of FILE, once, and is printed when it stands there. Reports come at least once: after a
crash the last ones come again. The line and the memory that it was written must therefore be one and the same: a line
begins with the report's id, and what is in FILE already is left out. The position in the topic is committed after the
line is durable, never before. Kill it at any moment, start it again, and it goes on.
"""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

TYPE = "commitwire.ReportPublished.v1"
LARGEST = 8 * 2**20  # bytes of a record


class Lines:
    """The lines of a file, each beginning with an id. One that was cut off by a crash is taken away."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+b")
        self._file.seek(0)
        whole, _, torn = self._file.read().rpartition(b"\n")
        if torn:
            self._file.truncate(len(whole) + 1 if whole else 0)
        self._known = {line.partition(b" ")[0] for line in whole.split(b"\n")}

    def add(self, report_id: str, line: str) -> bool:
        """Whether the line is new; when this returns it is on the disk."""
        if report_id.encode() in self._known:
            return False
        self._file.write(f"{report_id} {line}\n".encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._known.add(report_id.encode())
        return True


def described(report: dict[str, Any]) -> str:
    """One line. A report above 512 KB comes without its commits and says where the whole of it is."""
    stats = [section["stats"] for section in report["sections"]]
    tiers = ", ".join(f"{sum(each[tier] for each in stats)} {tier}" for tier in ("high", "medium", "low"))
    coverage = report["coverage"]
    name, day = report["definition"]["name"], report["day"]
    line = f"{name} {day} r{report['revision']}: {coverage['commits']} commits ({tiers}), {coverage['owed']} owed"
    if report["reference"]:
        line += (
            f"; without its commits: the whole is {name}/{day}.json among the files, {report['reference']} in the store"
        )
    return line


def handle(record: Any, lines: Lines) -> None:
    headers = {name: value.decode() for name, value in record.headers}
    if headers.get("ce_type") != TYPE:
        sys.stderr.write(f"left out: {headers.get('ce_type')} at offset {record.offset}\n")
        return
    line = described(json.loads(record.value))
    if lines.add(headers["ce_id"], line):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


async def subscribe(servers: str, topic: str, group: str, lines: Lines) -> None:
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=servers,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=LARGEST,
        session_timeout_ms=6000,  # so long the one that goes on waits for one that was killed
    )
    await consumer.start()
    try:
        async for record in consumer:
            handle(record, lines)
            await consumer.commit({TopicPartition(record.topic, record.partition): record.offset + 1})
    finally:
        await consumer.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="Write one line for each report that Commitwire publishes.")
    parser.add_argument("servers", help="HOST:PORT of the broker")
    parser.add_argument("file", type=Path, help="where the lines are kept")
    parser.add_argument("--topic", default="commitwire.reports")
    parser.add_argument("--group", default="reports-to-a-file")
    asked = parser.parse_args()
    asyncio.run(subscribe(asked.servers, asked.topic, asked.group, Lines(asked.file)))


if __name__ == "__main__":
    main()
