"""One run of `commitwire report`: open the sources, feed the stream, wait for the reports of the days, deliver them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from agents.llm.settings import EndpointSettings
from reports.aggregator import Aggregator, WindowKey
from reports.deliveries.files import ReportFiles
from schemas.day import day_of
from schemas.definition import Definition
from schemas.errors import Stop
from schemas.windows import Cause, WindowTouched
from streams import doorway
from streams.binding import bind, definition_of, remembered
from streams.clock import Clock
from streams.collector import Collector, FailedCollector, FileCollector
from streams.config import Settings
from streams.debts import pay
from streams.deliverer import Deliverer
from streams.endpoints import endpoints, hint
from streams.failpoint import failpoint
from streams.feed import Feed, SealedDays
from streams.flow import Flow
from streams.lifetime import first
from streams.opening import Opened, open_sources
from streams.progress import Progress
from streams.request import Outcome, Request
from streams.sources.repository import locate
from streams.store.ledger import Debt
from streams.store.store import Store
from streams.watch import Numbers, Watch
from streams.working import Working

LOOK_SECONDS = 0.5  # between two looks at what others have published
LOOK_SHARE = 5  # times as long as a look took: the store has other work
ASK_SECONDS = 5.0  # until others are asked again for what is not published yet


async def report(request: Request, settings: Settings, clock: Clock, progress: Progress) -> Outcome:
    """Do what is asked; a repetition does only what is new. Raises Stop errors with a sentence for the user."""
    outcome = Outcome()
    asked = endpoints(settings)
    if told := hint(settings):
        progress.complain(told)

    def bad_line(sentence: str) -> None:
        outcome.bad_lines += 1
        progress.complain(sentence)

    places = [locate(argument) for argument in request.paths]  # now: the engine changes the directory while it opens
    sources = asyncio.ensure_future(open_sources(request, places, settings, clock, bad_line))
    store = asyncio.ensure_future(Store.open(settings.store_url))
    try:
        await asyncio.wait((sources, store))
        opened = sources.result()
        return await Run(request, settings, clock, progress, store.result(), outcome, asked).go(opened)
    finally:
        sources.cancel()
        await asyncio.gather(sources, store, return_exceptions=True)
        if store.exception() is None:
            await store.result().close()


@dataclass
class Run:
    """The steps of a report command, in the order of `go`."""

    request: Request
    settings: Settings
    clock: Clock
    progress: Progress
    store: Store
    outcome: Outcome
    endpoints: Sequence[EndpointSettings]

    async def go(self, opened: Opened) -> Outcome:
        bound = await self.store.definition(self.request.name)
        collectors = [self._as_bound(collector, bound) for collector in opened.collectors]
        for failed in (one for one in collectors if isinstance(one, FailedCollector)):
            self.progress.complain(f"{failed.source.repo}: {failed.reason}")
        sources = [source for collector in collectors for source in collector.sources()]
        request, profile = self.request, self.settings.profile
        definition = definition_of(request.name, sources, request.zone, request.language, profile)
        shared = not doorway.is_owned(self.settings)
        await bind(self.store, definition, redefine=self.request.redefine, shared=shared)
        watch, deliverer = Watch(), self._deliverer()
        asked = {(definition.name, day) for day in opened.days}
        deliverer.wanted |= asked
        working = self._working(definition, watch, deliverer, asked)
        # seals and skips are read from the store: what was left is handled by now
        async with working.flow() as (flow, pipeline):
            if self.endpoints:
                debts = await self._debts(definition, opened.days)
                await pay(flow, debts)
                if debts and not flow.is_alone:
                    await flow.finished()  # the report that stands says that they are owed
            sealed = await self._feed(flow, collectors, definition, opened.days)
            wanted = self._wanted(definition, sealed)
            deliverer.wanted |= wanted.keys()
            await self._settle(flow, pipeline.aggregator, watch, wanted)
            await flow.drained()  # the stage delivers what is new; what stood before is left
            await working.say(flow, await deliverer.settle(watch.revisions(wanted)))
            # Days that an interrupted run, or one of another definition, revised without delivering them here.
            await working.deliver_behind(flow, definition.name)
            self.outcome.dead_letters = flow.dead_letters
            self.outcome.unanswered = sum(deliverer.unanswered.values())
        self.outcome.paths = deliverer.paths
        return self.outcome

    def _as_bound(self, collector: Collector, bound: Definition | None) -> Collector:
        """What the definition bound to the name knows of a source, when the source itself cannot tell."""
        if bound is not None and isinstance(collector, FileCollector):
            collector.expect(bound.sources)
        return collector if self.request.branch else remembered(collector, bound)

    def _deliverer(self) -> Deliverer:
        files = ReportFiles(self.request.out, self.request.formats, self.settings.templates)
        return Deliverer(files, self.store, shared=not doorway.is_owned(self.settings))

    def _working(self, definition: Definition, watch: Watch, deliverer: Deliverer, asked: set[WindowKey]) -> Working:
        return Working(
            self.store,
            self.settings,
            self.clock,
            deliverer,
            self.endpoints,
            languages=(definition.language,),
            opens=asked.__contains__,
            settled=watch.tell,
            answered=self.progress.answered,
        )

    async def _debts(self, definition: Definition, days: Collection[date]) -> list[Debt]:
        """What is owed of these days: a command asks for it again."""
        debts = await self.store.debts(definition.repos)
        return [
            debt
            for debt in debts
            if debt.language == definition.language and day_of(debt.committed_at, definition.zone) in days
        ]

    async def _feed(
        self, flow: Flow, collectors: Sequence[Collector], definition: Definition, days: Sequence[date]
    ) -> SealedDays:
        sealed = SealedDays(days)
        for collector in collectors:
            feed = Feed(
                collector,
                self.store,
                flow,
                self.clock,
                definition,
                self.settings.revise_days,
                self.progress,
                models=bool(self.endpoints),
            )
            sealed.add(await feed.go(days))
        self.outcome.uncollected = sealed.uncollected
        failpoint("run.sealed")
        return sealed

    def _wanted(self, definition: Definition, sealed: SealedDays) -> dict[WindowKey, Numbers]:
        """The windows of the days asked for, and of earlier days about which the sources said something new."""
        days = sealed.shared(definition.sources)
        return {(definition.name, day): sealed.numbers(day) for day in days}

    async def _settle(self, flow: Flow, aggregator: Aggregator, watch: Watch, wanted: dict[WindowKey, Numbers]) -> None:
        """Wait until the reports stand; when all is handled and one does not, it is closed with what there is."""
        causes: tuple[Cause, ...] = ("asked", "closing")
        # What is new touches its windows once it is stored. A touch before that would tell of new commits in old days.
        await first(watch.until(wanted), flow.drained())
        for cause in causes:
            handled = [self._handled(flow, aggregator, watch, wanted, cause)]
            if not flow.is_alone and cause == "asked":
                handled.append(self._finished(flow))
            await first(watch.until(wanted), *handled)
        for name, day in sorted(watch.open(wanted)):
            raise Stop(f"the report {name!r} of {day} could not be made; `commitwire dead-letters` says why")

    async def _handled(
        self, flow: Flow, aggregator: Aggregator, watch: Watch, wanted: dict[WindowKey, Numbers], cause: Cause
    ) -> None:
        """Touch what is open; wait until there is nothing left to handle.

        Others may have a part of it: what they publish is looked up, and they are asked again, as one of them may have
        gone with what it was asked.
        """
        now = asyncio.get_running_loop().time
        end, asked = now() + self.settings.close_limit.total_seconds(), -ASK_SECONDS
        while now() < end or cause == "asked":  # until then others work on it
            begun = now()
            if begun >= asked + ASK_SECONDS:
                asked = begun
                touches = [WindowTouched(definition=name, day=day, cause=cause) for name, day in watch.open(wanted)]
                await flow.send(touches, source="run")
                await flow.attended()
            if flow.is_alone:
                await flow.drained()
                return
            for settled in await aggregator.examine(watch.open(wanted), closing=cause == "closing"):
                watch.tell(settled)
            await asyncio.sleep(max(LOOK_SECONDS, LOOK_SHARE * (now() - begun)))

    async def _finished(self, flow: Flow) -> None:
        """Others have done all that there was to do, and had time to be asked for what came of it."""
        await flow.finished()
        await asyncio.sleep(2 * ASK_SECONDS)
        await flow.finished()
