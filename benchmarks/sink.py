"""Commits with analyses and scores into a ClickHouse server, against bare inserts of the same rows in the same batches.

python -m benchmarks.sink REPOSITORY [--commits 3000] [--repetitions 5]
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import clickhouse_connect

from agents.analyzers import static
from agents.scorers.rubric import Rubric, score
from benchmarks.measure import main
from schemas.model import Event
from streams.sources.overflow import MemoryOverflow
from streams.sources.reader import read
from streams.sources.repository import locate, open_repository
from streams.store.store import Store
from streams.store.tables import WRITING, Relation
from tests.servers.clickhouse import PASSWORD, USER, ClickHouse, fresh_database

BATCH = 1_500  # events: what the store's stage takes at once

Rows = list[tuple[Relation, list[tuple[Any, ...]]]]


def batches(place: Path, commits: int) -> list[list[Event]]:
    """What the topics carry of a repository's last commits, as the store's stage takes it."""
    repository = open_repository(locate(str(place)), Path("mirrors"))
    shas = repository.git.say("rev-list", "-n", str(commits), "HEAD").decode().split()
    now, rubric = datetime.now(UTC), Rubric.shipped()
    events: list[Event] = []
    for commit in read(repository, shas, lambda: now, MemoryOverflow()):
        analyzed = static.analyze(commit)
        events += [commit, analyzed, score(analyzed, rubric, "default")]
    return [events[at : at + BATCH] for at in range(0, len(events), BATCH)]


def rows_of(events: Sequence[Event]) -> Rows:
    """The rows of a batch by table, in the order of writing."""
    found = [
        (table, [row for event in events if isinstance(event, kind) for row in of(event)])
        for table, kind, of in chain.from_iterable(WRITING)
    ]
    return [(table, rows) for table, rows in found if rows]


async def ours(url: str, told: Sequence[Sequence[Event]]) -> float:
    """Seconds from events to acknowledged rows."""
    store = await Store.open(url)
    await store.write([])  # clients begin when they are needed
    begun = time.perf_counter()
    for batch in told:
        await store.write(batch)
    seconds = time.perf_counter() - begun
    await store.close()
    return seconds


async def bare(server: ClickHouse, database: str, told: Sequence[Rows]) -> float:
    """Seconds from finished rows to acknowledged ones, into the same tables."""
    await (await Store.open(server.url(database))).close()
    client = clickhouse_connect.get_client(
        host="127.0.0.1", port=server.port, username=USER, password=PASSWORD, database=database
    )
    begun = time.perf_counter()
    for batch in told:
        for table, rows in batch:
            client.insert(
                table.name, rows, column_names=list(table.columns), column_type_names=list(table.columns.values())
            )
    seconds = time.perf_counter() - begun
    client.close()
    return seconds


def measure(repository: Path, repetitions: int = 5, commits: int = 3_000) -> str:
    """The median of the ratios (1: as fast as bare inserts), with what it comes from."""
    told = batches(repository, commits)
    made = [rows_of(batch) for batch in told]
    gc.freeze()  # what a flow would not hold at one time is nothing that either of them should have to look through
    spent: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder, ClickHouse(Path(folder)) as server:
        for turn in range(repetitions):
            one = [lambda: ours(server.url(fresh_database()), told), lambda: bare(server, fresh_database(), made)]
            order = (0, 1) if turn % 2 else (1, 0)
            seconds = {which: asyncio.run(one[which]()) for which in order}
            spent.append((seconds[0], seconds[1]))
    ratio = statistics.median(theirs / mine for mine, theirs in spent)
    mine, theirs = (statistics.median(column) for column in zip(*spent, strict=True))
    rows = sum(len(rows) for batch in made for _, rows in batch)
    return f"{rows:,} rows of {commits:,} commits: {ratio:.2f} x ({mine:.2f} s against {theirs:.2f} s)"


if __name__ == "__main__":
    main(measure, __doc__)
