"""One run of `commitwire report`: open the sources, feed the stream, wait for the reports of the days, deliver them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from agents.scorers.rubric import Rubric
from reports.aggregator import Aggregator, WindowKey
from reports.deliveries.files import ReportFiles
from schemas.day import day_of
from schemas.definition import Definition
from schemas.errors import Misuse, SourceFailed, Stop
from schemas.windows import WindowTouched
from streams.binding import bind, branch_of
from streams.clock import Clock
from streams.collector import BranchCollector, Collector, FailedCollector, FileCollector
from streams.config import Settings
from streams.deliverer import Deliverer
from streams.failpoint import failpoint
from streams.feed import Feed, SealedDays
from streams.flow import Flow
from streams.pipeline import Pipeline
from streams.progress import Progress
from streams.request import Outcome, Request
from streams.sources.branch import Branch
from streams.sources.git import mask
from streams.sources.repository import locate, name_of_url, open_repository
from streams.store.store import Store
from streams.watch import Numbers, Watch


async def report(request: Request, settings: Settings, clock: Clock, progress: Progress) -> Outcome:
    """Do what is asked; a repetition does only what is new. Raises Stop errors with a sentence for the user."""
    store = await Store.open(settings.store_url)
    try:
        run = Run(request, settings, clock, progress, store)
        return await run.go()
    finally:
        await store.close()


@dataclass
class Run:
    """The steps of a report command, in the order of `go`."""

    request: Request
    settings: Settings
    clock: Clock
    progress: Progress
    store: Store
    outcome: Outcome = field(default_factory=Outcome)

    async def go(self) -> Outcome:
        collectors = await self._open()
        definition = await self._define(collectors)
        days = await self._days(collectors, definition.zone)
        await bind(self.store, definition, redefine=self.request.redefine)
        watch, deliverer = Watch(), self._deliverer()
        async with self._flow(watch, deliverer) as flow:
            # What an earlier run left on the log comes first: seals and skips are read from the store.
            await flow.drained()
            sealed = await self._feed(flow, collectors, definition, days)
            wanted = self._wanted(definition, sealed)
            deliverer.wanted |= wanted.keys()
            await self._settle(flow, watch, wanted)
            await flow.send(await deliverer.settle(watch.revisions(wanted)), source="deliveries")
            await flow.drained()
            self.outcome.dead_letters = flow.dead_letters
        self.outcome.paths = [path for key in sorted(deliverer.paths) for path in deliverer.paths[key]]
        return self.outcome

    async def _open(self) -> list[Collector]:
        collectors = [await self._open_repository(argument) for argument in self.request.paths]
        if self.request.jsonl is not None:
            collectors.append(FileCollector(self.request.jsonl, self._bad_line, self.clock.now))
        return collectors

    async def _open_repository(self, argument: str) -> Collector:
        try:
            repository = await asyncio.to_thread(open_repository, argument, self.settings.mirrors)
            branch = await asyncio.to_thread(Branch, repository, self.request.branch)
            return BranchCollector(branch, self.store.overflow())
        except SourceFailed as error:
            repo = _name(argument)
            known = await branch_of(self.store, self.request.name, repo)
            return FailedCollector.of(repo, self.request.branch or known or "HEAD", str(error))

    def _bad_line(self, sentence: str) -> None:
        self.outcome.bad_lines += 1
        self.progress.complain(sentence)

    async def _define(self, collectors: Sequence[Collector]) -> Definition:
        sources = [source for collector in collectors for source in await asyncio.to_thread(collector.sources)]
        twice = next((source for source, n in Counter(sources).items() if n > 1), None)
        if twice is not None:
            raise Misuse(f"two of the repositories are {twice.repo} ({twice.branch}); name one: owner/name=PATH")
        if not sources:
            raise Misuse(f"--jsonl: {self.request.jsonl} holds no commit, so it names no repository to report on")
        return Definition(
            name=self.request.name,
            sources=tuple(sorted(sources, key=lambda source: (source.repo, source.branch))),
            zone=self.request.zone,
            language=self.request.language,
        )

    async def _days(self, collectors: Sequence[Collector], zone: str) -> list[date]:
        now = self.clock.now()
        last = [day for collector in collectors if (day := await _last_day(collector, zone, now)) is not None]
        return self.request.days(max(last, default=None), day_of(now, zone))

    def _deliverer(self) -> Deliverer:
        return Deliverer(ReportFiles(self.request.out, self.request.formats, self.settings.templates), self.store)

    @asynccontextmanager
    async def _flow(self, watch: Watch, deliverer: Deliverer) -> AsyncIterator[Flow]:
        definitions = {definition.name: definition for definition in await self.store.definitions()}
        aggregator = Aggregator(
            self.store,
            self.store,
            definitions,
            self.clock.now,
            close_limit=self.settings.close_limit,
            settled=watch.tell,
        )
        rubric = Rubric.load(self.settings.rubric) if self.settings.rubric else Rubric.shipped()
        pipeline = Pipeline(self.store, rubric, definitions, aggregator, deliverer)
        flow = Flow(self.settings.broker_url, self.clock, pipeline.stages())
        await flow.start()
        try:
            yield flow
        finally:
            await flow.stop()

    async def _feed(
        self, flow: Flow, collectors: Sequence[Collector], definition: Definition, days: Sequence[date]
    ) -> SealedDays:
        sealed = SealedDays(days)
        for collector in collectors:
            feed = Feed(collector, self.store, flow, self.clock, definition, self.settings.revise_days, self.progress)
            sealed.add(await feed.go(days))
        self.outcome.uncollected = sealed.uncollected
        failpoint("run.sealed")
        return sealed

    def _wanted(self, definition: Definition, sealed: SealedDays) -> dict[WindowKey, Numbers]:
        """The windows of the days asked for, and of earlier days about which the sources said something new."""
        days = sealed.shared(definition.sources)
        return {(definition.name, day): sealed.numbers(day) for day in days}

    async def _settle(self, flow: Flow, watch: Watch, wanted: dict[WindowKey, Numbers]) -> None:
        """Wait until the reports stand; when all is handled and one does not, it is closed with what there is."""
        await flow.send([WindowTouched(definition=name, day=day, cause="seal") for name, day in wanted], source="run")
        await _first(watch.until(wanted), flow.drained())
        late = watch.open(wanted)
        await flow.send([WindowTouched(definition=name, day=day, cause="closing") for name, day in late], source="run")
        await _first(watch.until(wanted), flow.drained())
        for name, day in sorted(watch.open(wanted)):
            raise Stop(f"the report {name!r} of {day} could not be made; `commitwire dead-letters` says why")


def _name(argument: str) -> str:
    """What a repository that cannot be opened is known by."""
    place = locate(argument)
    return place.name or name_of_url(place.url or "") or mask(argument)


async def _last_day(collector: Collector, zone: str, now: datetime) -> date | None:
    try:
        return await asyncio.to_thread(collector.last_day, zone, now)
    except SourceFailed:  # reading its days will fail, too, and then it is said
        return None


async def _first(*waiting: Coroutine[None, None, None]) -> None:
    """Wait until one of them is done; its error is raised, the others are cancelled."""
    tasks = [asyncio.ensure_future(one) for one in waiting]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
