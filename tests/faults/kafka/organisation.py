"""An installation: workers and an ingest, each a process, on a Kafka and a ClickHouse that are processes, too."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self
from uuid import uuid4

from schemas.commits import CommitObserved
from schemas.day import interval
from schemas.seals import DaySealed
from streams.store.store import Store
from tests.faults.kafka import crowd
from tests.faults.kafka.portion import PORTIONS, observed, portion
from tests.faults.kafka.watch import AWAY, Place, Span, Watch
from tests.gitrepo import GitRepo
from tests.servers.clickhouse import ClickHouse
from tests.servers.kafka import Kafka
from tests.servers.process import ServerProcess

COMMAND = (sys.executable, "-c", "from streams.cli import main; main()")
READS = {
    "analyzers": ("commits",),
    "scorers": ("analyses",),
    "store": ("commits", "analyses", "scores", "seals", "deliveries"),
    "windows": ("windows",),
    "deliveries": ("reports",),
}
FLIGHT = {("analyzers", "commits"), ("scorers", "analyses"), ("store", "scores")}  # a commit waits in one of them
SAID = sorted({topic for topics in READS.values() for topic in topics})
COUNTED = ("commits", "analyses", "scores")
EVENTS = crowd.COMMITS * len(COUNTED)  # of an undisturbed run, in the topics that are counted
SESSION_SECONDS = 6
LOOK_SECONDS = 0.05
TRIES = 200
STOP_SECONDS = 32
SECONDS = 120
HOUR = timedelta(hours=1)
STORED = """
SELECT 'commits', toDate(committed_at) AS day, uniqExact(sha), 0 FROM commits GROUP BY day
UNION ALL SELECT 'analyses', toDate(committed_at) AS day, uniqExact(sha), 0 FROM analyses GROUP BY day
UNION ALL SELECT 'scores', toDate(committed_at) AS day, uniqExact(sha), 0 FROM scores GROUP BY day
UNION ALL SELECT 'seals', day, max(number), length(argMax(shas, number)) FROM seals GROUP BY day
UNION ALL SELECT 'reports', day, max(revision), argMax(commits, revision) FROM reports GROUP BY day
UNION ALL SELECT 'published', day, max(revision), 0 FROM windows GROUP BY day
UNION ALL SELECT 'delivered', day, max(revision), count() FROM deliveries GROUP BY day
ORDER BY 1, 2"""
WITHOUT_TIP = "SELECT toUInt32(count()) FROM v_seals WHERE tip = ''"
REPO = "github.com/acme/rocket"


class Program(ServerProcess):
    """The program in one of its roles."""

    def __init__(self, role: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        super().__init__([*COMMAND, role, *arguments], log, environment)
        self.role = role

    @property
    def code(self) -> int | None:
        """With which it ended; None while it runs."""
        return self._server.poll() if self._server else None

    @property
    def memory(self) -> int:
        """What it holds now, in MB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() // 2**20


@dataclass
class Organisation:
    """One namespace of a broker and one database; a repository of `crowd`. Use it as a context manager.

    Its clock stands still the morning after the last of the days. All write their reports to one directory.
    """

    home: Path
    kafka: Kafka
    clickhouse: ClickHouse
    repo: GitRepo
    replicas: int = 1
    programs: list[Program] = field(default_factory=list)
    given_up: list[Program] = field(default_factory=list)
    portions: int = 0
    named: str = field(default_factory=lambda: f"org{uuid4().hex[:10]}")

    def __enter__(self) -> Self:
        self.home.mkdir(exist_ok=True)
        (self.home / "clock").write_text(crowd.NOW.isoformat())
        asyncio.run(self._begin())
        self._commits: list[CommitObserved] = []
        self.watch = Watch(self.kafka.bootstrap, self.named, READS).__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.programs:
            process.kill()
        self.watch.__exit__()
        if error is not None:
            print(self.said())  # noqa: T201 what the processes said

    async def _begin(self) -> None:
        """The day before the first was seen already, long ago: all days after it are to be reported."""
        store = await Store.open(self.store)
        day = crowd.FIRST.replace(day=crowd.FIRST.day - 1)
        start, end = interval(day, "UTC")
        sealed = DaySealed(
            repo=REPO, branch="main", zone="UTC", day=day, start=start, end=end, number=1, complete=True, shas=(),
            sealed_at=start - timedelta(days=30),
        )  # fmt: skip
        await store.write([sealed])
        await store.close()

    @property
    def store(self) -> str:
        return self.clickhouse.url(self.named)

    @property
    def out(self) -> Path:
        return self.home / "out"

    def set_clock(self, now: datetime) -> None:
        """Set the clock of all; they never see half of an instant."""
        new = self.home / "clock.new"
        new.write_text(now.isoformat())
        new.replace(self.home / "clock")

    # -- work

    @property
    def different(self) -> int:
        """How many portions were put that differ."""
        return min(self.portions, PORTIONS)

    @property
    def events(self) -> int:
        """How many there are at least, in the topics that are counted, when all is settled."""
        return EVENTS * (1 + self.different)

    def more(self) -> None:
        """Put one more portion of commits on their topic."""
        self.until(lambda: len(self._observed()) == crowd.COMMITS, "all commits are on their topic")
        self.watch.put("commits", portion(self._observed(), self.portions))
        self.portions += 1

    def _observed(self) -> list[CommitObserved]:
        if len(self._commits) < crowd.COMMITS:
            self._commits = observed(self.watch.records("commits"), REPO)
        return self._commits

    def in_flight(self, unread: Mapping[Place, Span]) -> int:
        """How many commits are not yet said, or unread by one of the stages that a commit goes through."""
        spans = [span for (group, at), span in unread.items() if (group, self._topic(at.topic)) in FLIGHT]
        return sum(span.end - span.at for span in spans) + max(0, crowd.COMMITS - self.watch.said("commits"))

    def _topic(self, name: str) -> str:
        return name.removeprefix(f"{self.named}.")

    def until_in_flight(self, commits: int) -> Mapping[Place, Span]:
        """Give more work until so many commits are in flight; what is unread by then."""
        while self.in_flight(unread := self.unread()) < commits:
            self.more()
        return unread

    # -- processes

    def begin(self, workers: int) -> None:
        """Start so many workers and, when all have joined, the ingest."""
        self.until_running([self.hire() for _ in range(workers)])
        self.ingest()

    def hire(self) -> Program:
        """One more worker."""
        return self._run("worker", "--out", str(self.out))

    def ingest(self) -> Program:
        """Somebody who looks at the repository."""
        return self._run("ingest", f"acme/rocket={self.repo.path}", "--data", str(self.home / "data"))

    def report(self, name: str) -> Program:
        """A command that makes a report of another name for all days."""
        days = ("--since", crowd.DAYS[0].isoformat(), "--until", crowd.DAYS[-1].isoformat())
        places = ("--data", str(self.home / "data"), "--out", str(self.out), "--name", name)
        return self._run("report", f"acme/rocket={self.repo.path}", *days, *places)

    @property
    def ingesting(self) -> list[Program]:
        """The ingests that run."""
        return [one for one in self.programs if one.running and one.role == "ingest"]

    @property
    def working(self) -> list[Program]:
        """The workers that run."""
        return [one for one in self.programs if one.running and one.role == "worker"]

    def _run(self, role: str, *arguments: str) -> Program:
        environment = {
            "COMMITWIRE_BROKER": f"kafka://{self.kafka.bootstrap}/{self.named}",
            "COMMITWIRE_STORE": self.store,
            "COMMITWIRE_PARTITIONS": "4",
            "COMMITWIRE_REPLICATION": str(self.replicas),
            "COMMITWIRE_SESSION_SECONDS": str(SESSION_SECONDS),
            "COMMITWIRE_ZONE": "UTC",
            "COMMITWIRE_LANGUAGE": "en",
            "COMMITWIRE_EVERY_SECONDS": "30",
            "COMMITWIRE_LISTEN": "127.0.0.1:0",
            "COMMITWIRE_CLOCK": str(self.home / "clock"),
        }
        program = Program(role, arguments, self.home / f"{len(self.programs)}-{role}.log", environment)
        program.start()
        self.programs.append(program)
        return program

    def said(self) -> str:
        """What the processes printed."""
        return "\n".join(f"== {log.name}\n{log.read_text()[-6000:]}" for log in sorted(self.home.glob("*.log")))

    # -- moments

    def until_said(self, events: int) -> None:
        """Wait until the topics that are counted hold so many events."""
        self.until(lambda: self.watch.said(*COUNTED) >= events, f"{events} events")

    def until_members(self, workers: int) -> None:
        """Wait until every group of readers has so many members."""
        self.until(lambda: self.watch.members() == {workers}, f"{workers} members in each group")

    def until_moving(self, behind: Mapping[Place, Span]) -> None:
        """Wait until every reader that had records before it goes on in each of its partitions."""
        self.until(lambda: not self._standing(behind), "all partitions move")

    def _standing(self, behind: Mapping[Place, Span]) -> list[Place]:
        now = self.watch.behind()
        return [place for place, span in behind.items() if place in now and now[place].at <= span.at]

    def until_settled(self) -> None:
        """Wait until every day has its report and nothing is left to read."""
        self.until(self._is_settled, "settled")
        self.until(self._is_renewed, "the ingest has written the tip of every seal")

    def _is_settled(self) -> bool:
        """One group is asked after the other: what was said meanwhile may be unread by one that was asked before."""
        said = self.watch.said(*SAID)
        reported = self._reported() and self.watch.said(*COUNTED) >= self.events
        return reported and not self.watch.behind() and self.watch.said(*SAID) == said

    def _is_renewed(self) -> bool:
        """Seals that say nothing new take the branch's tip at the end of a round, in no new statement."""
        return asyncio.run(self._asked(WITHOUT_TIP)) == [(0,)]

    def _reported(self) -> bool:
        days = {path.stem for path in self.out.glob("daily/*.json")}
        return days >= {day.isoformat() for day in crowd.DAYS}

    def until(self, there: Callable[[], bool], what: str) -> None:
        """Wait for something; a broker that is away cannot be asked. Fails when a process ended by itself."""
        end = time.monotonic() + SECONDS
        while not self._holds(there):
            self.check()
            assert time.monotonic() < end, f"not within {SECONDS} s: {what}; {self._state()}"
            time.sleep(LOOK_SECONDS)

    def _state(self) -> str:
        days = sorted(path.stem for path in self.out.glob("daily/*.json"))
        said = {topic: self.watch.said(topic) for topic in SAID}
        stored = asyncio.run(self._asked(STORED))
        return f"reported: {days}; said: {said} of {self.events}; unread: {self.unread()}; stored: {stored}"

    async def _asked(self, sql: str) -> list[tuple[object, ...]]:
        """What the store answers."""
        store = await Store.open(self.store)
        try:
            return (await store.select(sql)).rows
        finally:
            await store.close()

    def _holds(self, there: Callable[[], bool]) -> bool:
        try:
            return there()
        except AWAY:
            return False

    def until_running(self, programs: Sequence[Program]) -> None:
        """Wait until each of these says that it runs."""
        for one in programs:
            self.until(partial(_is_running, one), "it runs")

    def until_given_up(self, programs: Sequence[Program]) -> None:
        """Wait until these have given up by themselves, each with a sentence."""
        self.given_up += programs
        self.until(lambda: not any(one.running for one in programs), "they give up")
        assert all(one.code in (1, 2) for one in programs), [one.code for one in programs]

    def unread(self, otherwise: Mapping[Place, Span] = MappingProxyType({})) -> Mapping[Place, Span]:
        """As `behind` of the watch, as soon as the broker can be asked; `otherwise` if it stays away."""
        for _ in range(TRIES):
            try:
                return self.watch.behind()
            except AWAY:
                time.sleep(LOOK_SECONDS)
        return otherwise

    def check(self) -> None:
        """Fails when a process ended by itself that should not have."""
        ended = [one for one in self.programs if one.code not in (None, 0, -9) and one not in self.given_up]
        assert not ended, [(one.log.name, one.code, one.said(1000)) for one in ended]

    # -- the end

    def dismiss(self, programs: Sequence[Program]) -> None:
        """Tell these to stop: each ends in order, within its half minute."""
        for one in programs:
            os.kill(one.pid, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while any(one.running for one in programs):
            assert time.monotonic() < end, [one.log.name for one in programs if one.running]
            time.sleep(LOOK_SECONDS)
        assert all(one.code == 0 for one in programs), [(one.log.name, one.code) for one in programs]

    def end(self) -> None:
        """Stop all that runs; nobody has shown a traceback."""
        running = [one for one in self.programs if one.running]
        self.until_running(running)
        self.dismiss(running)
        assert "Traceback" not in self.said()


def _is_running(program: Program) -> bool:
    return program.log.exists() and " is running" in program.log.read_text()
