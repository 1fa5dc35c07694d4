"""A small program to kill: sends numbered commits, analyzes them, and keeps what comes out in a table.

python -m tests.streams.two_stages DIRECTORY COUNT
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from schemas.commits import CommitObserved
from schemas.model import Event
from schemas.topics import ANALYSES, COMMITS
from streams.clock import SystemClock
from streams.flow import Flow
from streams.stage import Stage
from tests.samples import analyzed, commit

CHUNK = 100
BATCH = 25


class Table:
    """What the last stage keeps, once by id, and how often it was told."""

    def __init__(self, directory: Path) -> None:
        self.connection = sqlite3.connect(directory / "kept.sqlite", isolation_level=None)
        self.connection.execute("CREATE TABLE IF NOT EXISTS kept(id TEXT PRIMARY KEY, key TEXT, times INTEGER)")

    async def keep(self, events: Sequence[Event]) -> Sequence[Event]:
        self.connection.execute("BEGIN")
        query = "INSERT INTO kept VALUES(?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1"
        self.connection.executemany(query, [(event.id, event.key) for event in events])
        self.connection.execute("COMMIT")
        return ()


async def analyze(events: Sequence[Event]) -> Sequence[Event]:
    return [analyzed(event) for event in events if isinstance(event, CommitObserved)]


async def run(directory: Path, count: int) -> None:
    table = Table(directory)
    stages = [Stage("analyze", (COMMITS,), analyze, batch=BATCH), Stage("keep", (ANALYSES,), table.keep, batch=BATCH)]
    flow = Flow(f"embedded://{directory}/log", SystemClock(), stages)
    await flow.start()
    sent = directory.with_suffix(".sent")  # beside it: where the log fills the disk, this is still written
    for start in range(int(sent.read_text()) if sent.exists() else 0, count, CHUNK):
        await flow.send([commit(number) for number in range(start, start + CHUNK)], source="test", wait_for_room=True)
        directory.with_suffix(".sending").write_text(str(start + CHUNK))
        directory.with_suffix(".sending").replace(sent)
    await flow.drained()
    await flow.stop()
    table.connection.close()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2])))
