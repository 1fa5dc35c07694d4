"""The endless looking at sources of `commitwire ingest` and `commitwire up`: what is new, at once; days as they end."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from schemas.day import day_of
from schemas.definition import Definition, Source
from schemas.errors import Retry, SourceFailed
from schemas.windows import WindowTouched
from streams import doorway
from streams.binding import bind, definition_of, moved, remembered
from streams.clock import Clock
from streams.collector import Collector, FailedCollector
from streams.config import Settings
from streams.feed import Feed
from streams.flow import Flow
from streams.lifetime import Wait, repeat
from streams.meter import Meter
from streams.opening import check_twins, reopen
from streams.progress import Progress
from streams.sent import Sent
from streams.sources.repository import Place, name_of
from streams.store.store import Store

BEFORE = timedelta(days=1)  # a service that begins reports yesterday first


@dataclass
class Intake:
    """Looks at all sources of one definition, again and again.

    Every day since the last one that is sealed for good is sealed, today as not over. A source that cannot be read is
    sealed with the reason, and read again in the next round. With `redefine` the name takes other repositories; that
    one of them stands on another branch now is no other definition.
    """

    store: Store
    settings: Settings
    clock: Clock
    places: Sequence[Place]
    zone: str
    meter: Meter
    progress: Progress
    models: bool
    redefine: bool = False
    failing: int | None = None  # sources that could not be read when last looked at; None before the first look
    # where each stood, for which days; nowhere, when it could not be read
    _seen: dict[Source, tuple[object, ...]] = field(default_factory=dict)
    _names: dict[Place, str] = field(default_factory=dict)
    _reasons: dict[str, str] = field(default_factory=dict)  # why repositories could not be opened
    _sent: Sent = field(default_factory=Sent)

    async def go(self, flow: Flow, wait: Wait) -> None:
        """Until `wait` says that it is enough. A store that does not answer is asked again. Raises Stop errors."""
        await repeat(lambda: self.round(flow), self.settings.every_seconds, wait)

    def check(self) -> None:
        """Raises SourceFailed while no source can be read, Retry before all were looked at.

        Of thousands one fails at any time: that is for the metrics to tell.
        """
        if self.failing is None:
            raise Retry("the sources were not looked at yet")
        if self.failing == len(self.places):
            raise SourceFailed(f"all {self.failing} sources could not be read when last looked at; the log says why")

    async def round(self, flow: Flow) -> None:
        """Look at each source once."""
        bound = await self.store.definition(self.settings.name)
        collectors = await self._open(bound)
        sources = [source for collector in collectors for source in collector.sources()]
        check_twins(sources)
        self.failing = self._failing(collectors)  # reading all that is new may take hours
        language, profile = self.settings.language, self.settings.profile
        definition = definition_of(self.settings.name, sources, self.zone, language, profile)
        before = await self._bind(definition, bound)
        days = await self._days({*sources, *before})
        new: set[date] = set()
        for collector in collectors:
            new |= await self._look(flow, collector, definition, days)
            self.failing = self._failing(collectors)
        self.meter.collected(good=len(collectors) - self.failing, failed=self.failing)
        # A definition may be younger than the seals of its sources.
        touches = [WindowTouched(definition=definition.name, day=day, cause="seal") for day in sorted({*days, *new})]
        await flow.send(touches, source="sources")

    async def _open(self, bound: Definition | None) -> list[Collector]:
        branches = {source.repo: source.branch for source in bound.sources} if bound else {}
        opening = (
            asyncio.to_thread(reopen, place, self._names.get(place) or name_of(place), branches, self.settings)
            for place in self.places
        )
        collectors = [remembered(collector, bound) for collector in await asyncio.gather(*opening)]
        self._names = {place: one.sources()[0].repo for place, one in zip(self.places, collectors, strict=True)}
        reasons = {one.source.repo: one.reason for one in collectors if isinstance(one, FailedCollector)}
        for repo, reason in reasons.items():
            if self._reasons.get(repo) != reason:
                self.progress.complain(f"{repo}: {reason}")
        self._reasons = reasons
        return collectors

    async def _bind(self, definition: Definition, bound: Definition | None) -> list[Source]:
        """Bind the name to what it means now. Raises Conflict.

        Returns the branches that others took the place of: these go on where those ended.
        """
        pairs = moved(definition, bound) if bound is not None else []
        for new, old in pairs or ():
            self.progress.complain(f"{new.repo}: its branch is {new.branch}, and was {old.branch} before")
        redefine, self.redefine = self.redefine or pairs is not None, False
        await bind(self.store, definition, redefine=redefine, shared=not doorway.is_owned(self.settings))
        return [old for _, old in pairs or ()]

    async def _look(self, flow: Flow, collector: Collector, definition: Definition, days: list[date]) -> set[date]:
        """The days about which the source says something new: none while it stands where it stood in the last round."""
        tip = await asyncio.to_thread(collector.tip)
        state = (tip, *days)
        (first, *_) = collector.sources()
        if tip and self._seen.get(first) == state:
            return set()
        seals, new = await self._feed(flow, collector, definition).go(days)
        failed = any(seal.reason for by_day in seals.values() for day, seal in by_day.items() if day in days)
        self._seen[first] = () if failed else state
        return new

    def _failing(self, collectors: Sequence[Collector]) -> int:
        """Those that could not be opened, or not be read when they were looked at last."""
        return sum(isinstance(one, FailedCollector) or self._seen.get(one.sources()[0]) == () for one in collectors)

    async def _days(self, sources: Collection[Source]) -> list[date]:
        """From the first day that is not sealed for good to today."""
        today = day_of(self.clock.now(), self.zone)
        sealed = await self.store.sealed_until(sources, self.zone)
        first = min((sealed.get(source, today - BEFORE - BEFORE) for source in sources), default=today)
        return [first + timedelta(days=n) for n in range(1, (today - first).days + 1)]

    def _feed(self, flow: Flow, collector: Collector, definition: Definition) -> Feed:
        days = self.settings.revise_days
        return Feed(collector, self.store, flow, self.clock, definition, days, self.progress, self.models, self._sent)
