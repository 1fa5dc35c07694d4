"""Commits through all topics on Apache Kafka, against a bare aiokafka loop that runs the same agent functions.

python -m benchmarks.kafka REPOSITORY [--commits 3000] [--repetitions 3]

Both read the same records, run the same functions, wait for all replicas and commit after that. The bare loop has no
retries, dead letters, back-pressure or order of its own. Time counts from the first record handled to the last.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import aiokafka
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from agents.analyzers import static
from agents.scorers.judging import judge
from agents.scorers.rubric import Rubric
from benchmarks.measure import main
from schemas.analyses import CommitAnalyzed
from schemas.commits import CommitObserved
from schemas.definition import Definition, Source
from schemas.envelope import decode, encode
from schemas.model import Event
from schemas.topics import ANALYSES, COMMITS, SCORES, TOPIC_OF, TOPICS, WINDOWS, Topic
from streams.clock import SystemClock
from streams.flow import Flow
from streams.sources.overflow import MemoryOverflow
from streams.sources.reader import read
from streams.sources.repository import locate, open_repository
from streams.stage import Stage
from streams.touches import touches
from streams.transports.broker import NAMESPACE, Layout
from tests.servers.kafka import Kafka

PARTITIONS = 4
Handle = Callable[[Sequence[Event]], Awaitable[Sequence[Event]]]


class Flowing:
    """The functions of the stages, and when they began and had everything."""

    def __init__(self, repo: str, commits: int) -> None:
        self._rubric = Rubric.shipped()
        source = Source(repo=repo, branch="main")
        self._definition = Definition(name="daily", sources=(source,), zone="UTC", language="en")
        self._left = 3 * commits  # commits, analyses and scores are all kept
        self._begun = 0.0
        self.seconds = 0.0
        self.ended = asyncio.Event()

    def stages(self) -> dict[str, tuple[tuple[Topic, ...], Handle]]:
        return {
            "analyzers": ((COMMITS,), self._analyze),
            "scorers": ((ANALYSES,), self._score),
            "store": ((COMMITS, ANALYSES, SCORES), self._keep),
            "windows": ((WINDOWS,), self._close),
        }

    async def _analyze(self, events: Sequence[Event]) -> Sequence[Event]:
        self._begun = self._begun or time.perf_counter()
        return [static.analyze(event) for event in events if isinstance(event, CommitObserved)]

    async def _score(self, events: Sequence[Event]) -> Sequence[Event]:
        analyses = (event for event in events if isinstance(event, CommitAnalyzed))
        return [said for one in analyses for said in judge(one, self._rubric, ("default",), ())]

    async def _keep(self, events: Sequence[Event]) -> Sequence[Event]:
        self._left -= len(events)
        if self._left <= 0:
            self.seconds = time.perf_counter() - self._begun
            self.ended.set()
        return touches(events, [self._definition])

    async def _close(self, events: Sequence[Event]) -> Sequence[Event]:
        return ()


async def ours(bootstrap: str, namespace: str, flowing: Flowing) -> None:
    stages = [Stage(name, reads, handle) for name, (reads, handle) in flowing.stages().items()]
    flow = Flow(f"kafka://{bootstrap}/{namespace}", SystemClock(), stages, layout=Layout(PARTITIONS))
    await flow.start()
    await flowing.ended.wait()
    await flow.stop()


async def bare(bootstrap: str, namespace: str, flowing: Flowing) -> None:
    producer = aiokafka.AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_request_size=8 * 2**20
    )
    await producer.start()
    loops = [
        asyncio.ensure_future(_loop(bootstrap, namespace, producer, name, reads, handle))
        for name, (reads, handle) in flowing.stages().items()
    ]
    await flowing.ended.wait()
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    await producer.stop()


async def _loop(
    bootstrap: str,
    namespace: str,
    producer: aiokafka.AIOKafkaProducer,
    name: str,
    reads: Sequence[Topic],
    handle: Handle,
) -> None:
    consumer = aiokafka.AIOKafkaConsumer(
        *(_named(topic, namespace) for topic in reads),
        bootstrap_servers=bootstrap,
        group_id=f"{namespace}.{name}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        while True:
            found = await consumer.getmany(timeout_ms=200, max_records=200)
            events = [decode(r.value, dict(r.headers)).event for records in found.values() for r in records]
            if events:
                await _say(producer, namespace, name, await handle(events))
                await consumer.commit()
    finally:
        await consumer.stop()


async def _say(producer: aiokafka.AIOKafkaProducer, namespace: str, name: str, events: Sequence[Event]) -> None:
    now, sent = datetime.now(UTC), []
    for event in events:
        key, body, headers = encode(event, source=name, time=now)
        topic = _named(TOPIC_OF[type(event)], namespace)
        sent.append(await producer.send(topic, body, key=key, headers=list(headers.items())))
    await asyncio.gather(*sent)


def _named(topic: Topic, namespace: str) -> str:
    return topic.name.replace(NAMESPACE, namespace, 1)


async def _fill(bootstrap: str, namespace: str, commits: Sequence[CommitObserved]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics(
        [
            NewTopic(_named(topic, namespace), PARTITIONS, 1, topic_configs={"max.message.bytes": str(8 * 2**20)})
            for topic in TOPICS
        ]
    )
    await admin.close()
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_request_size=8 * 2**20)
    await producer.start()
    await _say(producer, namespace, "sources", commits)
    await producer.stop()


def _commits(place: Path, count: int) -> list[CommitObserved]:
    repository = open_repository(locate(str(place)), Path("mirrors"))
    shas = repository.git.say("rev-list", "-n", str(count), "HEAD").decode().split()
    now = datetime.now(UTC)
    return list(read(repository, shas, lambda: now, MemoryOverflow()))


def _once(side: str, bootstrap: str, commits: Sequence[CommitObserved]) -> float:
    """Seconds, in a process of its own."""
    namespace = f"bench{uuid.uuid4().hex[:8]}"
    asyncio.run(_fill(bootstrap, namespace, commits))
    command = [sys.executable, "-m", "benchmarks.kafka", "--side", side, bootstrap, namespace]
    done = subprocess.run(
        [*command, commits[0].repo, str(len(commits))], capture_output=True, text=True, check=True, timeout=600
    )
    return float(json.loads(done.stdout))


def measure(repository: Path, repetitions: int = 3, commits: int = 3_000) -> str:
    """The median of the ratios (1: as fast as the bare loop), with what it comes from."""
    read_ = _commits(repository, commits)
    spent: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder, Kafka(Path(folder) / "kafka") as server:
        for turn in range(repetitions):
            order = ("ours", "bare") if turn % 2 else ("bare", "ours")
            seconds = {side: _once(side, server.bootstrap, read_) for side in order}
            spent.append((seconds["ours"], seconds["bare"]))
    ratio = statistics.median(theirs / mine for mine, theirs in spent)
    mine, theirs = (statistics.median(column) for column in zip(*spent, strict=True))
    rate = len(read_) / mine
    return f"{len(read_):,} commits: {ratio:.2f} x ({mine:.2f} s against {theirs:.2f} s; {rate:,.0f} commits/s)"


def _side(side: str, bootstrap: str, namespace: str, repo: str, commits: str) -> None:
    async def run() -> float:
        flowing = Flowing(repo, int(commits))
        await (ours if side == "ours" else bare)(bootstrap, namespace, flowing)
        return flowing.seconds

    sys.stdout.write(json.dumps(asyncio.run(run())))


if __name__ == "__main__":
    if sys.argv[1] == "--side":
        _side(*sys.argv[2:])
    else:
        main(measure, __doc__)
