"""Feeding the stream from one collector: the commits that are new, then the seals of the days."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice

from reports.window import CommitKey
from schemas.commits import DETAILS, CommitObserved, Detail
from schemas.day import day_of
from schemas.definition import Definition, Source
from schemas.errors import SourceFailed
from schemas.seals import DaySealed
from streams.clock import Clock
from streams.collector import Collector
from streams.failpoint import failpoint
from streams.flow import Flow
from streams.progress import Progress
from streams.sealing import Reading, Sealer, noticed
from streams.sent import Sent
from streams.store.store import Store

BATCH = 100  # commits handed to the stream at a time

Seals = dict[Source, dict[date, DaySealed]]


@dataclass
class Feed:
    """Feeds one collector's days into the stream.

    Besides the days asked for it looks again at every day that was sealed before the source changed: late commits and
    rewritten history make a new seal of that day.
    """

    collector: Collector
    store: Store
    flow: Flow
    clock: Clock
    definition: Definition
    revise_days: int
    progress: Progress
    models: bool = False  # whether a commit is to be answered by a model, too
    sent: Sent = field(default_factory=Sent)

    async def go(self, days: Collection[date]) -> tuple[Seals, set[date]]:
        """The seals that stand for each source, and the days that got a new one."""
        previous = await self._previous()
        sent: Seals = {source: {} for source in previous}
        try:
            seals = {source: await self._seal(source, days, previous[source]) for source in previous}
            async for ready in self._send_commits(seals, _changed(seals, previous)):
                await self._send_seals(ready, sent)
            if self.collector.adds_only:
                seals = {source: await self._once(source, seals[source], previous[source]) for source in seals}
        except SourceFailed as error:
            standing = {source: previous[source] | sent[source] for source in previous}
            seals = {source: self._give_up(source, days, standing[source], error) | sent[source] for source in previous}
        new = _changed(seals, previous)
        failpoint("feed.before_seals")
        await self._send_seals([seal for seal in new if seal.day not in sent[_source(seal)]], sent)
        await self._renew(seals, previous)
        return {source: previous[source] | seals[source] for source in previous}, {seal.day for seal in new}

    async def _send_seals(self, seals: Sequence[DaySealed], sent: Seals) -> None:
        await self.flow.send(seals, source="sources")
        for seal in seals:
            sent[_source(seal)][seal.day] = seal

    async def _previous(self) -> Seals:
        sources = await asyncio.to_thread(self.collector.sources)
        found: Seals = {source: {} for source in sources}
        for seal in await self.store.seals(sources, self.definition.zone, None):
            found[_source(seal)][seal.day] = seal
        return found

    async def _seal(
        self, source: Source, days: Collection[date], previous: dict[date, DaySealed]
    ) -> dict[date, DaySealed]:
        standing = {day: previous[day] for day in days if day in previous}
        unread = self._unread(days, previous)
        readings = await asyncio.to_thread(self.collector.readings, source, unread, self.definition.zone)
        stated = standing | self._state(source, readings, previous)
        if self.collector.adds_only or not readings:
            return stated
        return stated | await self._with_late(source, readings, stated, previous)

    async def _with_late(
        self, source: Source, readings: list[Reading], stated: dict[date, DaySealed], previous: dict[date, DaySealed]
    ) -> dict[date, DaySealed]:
        """The seals of the days on which commits of earlier days were noticed."""
        told = [*await self.store.restated(source, self.definition.zone), *previous.values(), *stated.values()]
        late = noticed(told, {**previous, **{reading.day: reading for reading in readings}})
        changed = [reading.with_late(late[reading.day]) for reading in readings if reading.day in late]
        return self._state(source, changed, previous)

    async def _once(
        self, source: Source, stated: dict[date, DaySealed], previous: dict[date, DaySealed]
    ) -> dict[date, DaySealed]:
        """A line may date a commit anew: then it stands on the day under which it is stored, and no other."""
        seals = {**previous, **stated}
        days = Counter(chain.from_iterable(seal.shas for seal in seals.values()))
        twice = {sha for sha, count in days.items() if count > 1}
        if not twice:
            return stated
        await self.flow.finished()  # now the store knows what this file says
        rows = await self.store.commits([(source.repo, sha) for sha in twice], self.definition.profile)
        stored = {row.observed.sha: day_of(row.observed.committed_at, self.definition.zone) for row in rows}
        kept = {sha: day for sha, day in stored.items() if day in seals and sha in seals[day].shas}
        readings = []
        for day, seal in seals.items():
            elsewhere = frozenset(sha for sha in twice.intersection(seal.shas) if kept.get(sha, day) != day)
            if elsewhere:
                readings.append(Reading(day, seal.shas, reason=seal.reason, elsewhere=elsewhere))
        return stated | self._state(source, readings, previous)

    async def _renew(self, seals: Seals, previous: Seals) -> None:
        """Days that say what they said are not read again before the branch moves: their seals, under the same number,
        take its tip. A crash before this only makes them be read once more."""
        tip = self.collector.tip()
        same = [s for source, by_day in seals.items() for s in by_day.values() if s is previous[source].get(s.day)]
        stale = [seal.model_copy(update={"tip": tip}) for seal in same if tip and seal.tip != tip and not seal.reason]
        if stale:
            await self.store.write(stale)

    def _unread(self, days: Collection[date], previous: Mapping[date, DaySealed]) -> set[date]:
        """The days asked for, and the earlier ones, about which the source may say something else than it did."""
        tip, now = self.collector.tip(), self.clock.now()

        def stands(seal: DaySealed) -> bool:
            return bool(tip) and seal.tip == tip and seal.complete == (now >= seal.end) and not seal.reason

        earlier = () if self.collector.adds_only else previous
        return {day for day in (*days, *earlier) if day not in previous or not stands(previous[day])}

    def _give_up(
        self, source: Source, days: Collection[date], previous: dict[date, DaySealed], error: SourceFailed
    ) -> dict[date, DaySealed]:
        self.progress.complain(f"{source.repo}: {error}")
        return self._state(source, [Reading(day, reason=str(error)) for day in sorted(days)], previous)

    def _state(
        self, source: Source, readings: Iterable[Reading], previous: dict[date, DaySealed]
    ) -> dict[date, DaySealed]:
        sealer = Sealer(
            source, self.definition.zone, self.clock.now(), self.revise_days, adds_only=self.collector.adds_only
        )
        return {reading.day: sealer.seal(reading, previous.get(reading.day)) for reading in readings}

    async def _send_commits(self, seals: Seals, new: Sequence[DaySealed]) -> AsyncIterator[list[DaySealed]]:
        """Send what is not stored yet, oldest day first; a slow stream slows the reading.

        Yields those of the `new` seals whose commits are all on the log: their days close while others are read. What
        a file says of a day is known at its end only.
        """
        sealed: dict[CommitKey, None] = dict.fromkeys(
            key for by_day in seals.values() for day in sorted(by_day) for key in _keys(by_day[day])
        )
        known: dict[CommitKey, Detail | None] = {**sealed, **await self._known(list(sealed))}
        missing = [key for key, detail in known.items() if detail != DETAILS[-1]]
        self.progress.expect(len(missing))
        waiting = Waiting(() if self.collector.adds_only else new, missing)
        async for batch in _batches(self.collector.commits(missing, self.clock.now, self.store.overflow())):
            unsaid = await self._new(batch, known)
            await self.flow.send(unsaid, source="sources", wait_for_room=True)
            self.sent.add(unsaid)
            failpoint("feed.after_batch")
            self.progress.advance(len(batch))
            yield waiting.ready((commit.repo, commit.sha) for commit in batch)

    async def _new(
        self, batch: Sequence[CommitObserved], known: Mapping[CommitKey, Detail | None]
    ) -> list[CommitObserved]:
        """Each commit of the batch once, in the most detail, if less is stored of it.

        A file has commits that no seal asked about.
        """
        commits: dict[CommitKey, CommitObserved] = {}
        for commit in batch:
            first = commits.setdefault((commit.repo, commit.sha), commit)
            if _rank(commit.detail) > _rank(first.detail):
                commits[commit.repo, commit.sha] = commit
        stored = {**known, **await self._known([key for key in commits if key not in known])}
        return [commit for key, commit in commits.items() if _rank(commit.detail) > _rank(stored.get(key))]

    async def _known(self, keys: Sequence[CommitKey]) -> dict[CommitKey, Detail]:
        """The detail in which each commit is stored together with its answers, or was sent by this process."""
        language = self.definition.language if self.models else None
        stored = await self.store.details(keys) if keys else {}
        answered = await self.store.complete(stored, self.definition.profile, language) if stored else ()
        return self.sent.among(keys) | {key: detail for key, detail in stored.items() if key in answered}


class Waiting:
    """Seals that wait for those of their commits that are `missing` to be on the log."""

    def __init__(self, seals: Iterable[DaySealed], missing: Iterable[CommitKey]) -> None:
        self._missing = set(missing)
        self._seals = sorted(seals, key=lambda seal: seal.day)

    def ready(self, sent: Iterable[CommitKey]) -> list[DaySealed]:
        """The oldest seals that wait for nothing more, now that these commits were sent."""
        self._missing.difference_update(sent)
        waits = (at for at, seal in enumerate(self._seals) if not self._missing.isdisjoint(_keys(seal)))
        found = next(waits, len(self._seals))
        ready, self._seals = self._seals[:found], self._seals[found:]
        return ready


def _changed(seals: Seals, previous: Seals) -> list[DaySealed]:
    """The seals that say something that was not said before."""
    return [s for source, by_day in seals.items() for s in by_day.values() if s is not previous[source].get(s.day)]


def _source(seal: DaySealed) -> Source:
    return Source(repo=seal.repo, branch=seal.branch)


def _rank(detail: Detail | None) -> int:
    return -1 if detail is None else DETAILS.index(detail)


def _keys(seal: DaySealed) -> Iterator[CommitKey]:
    for late in seal.late:
        yield seal.repo, late.sha
    for sha in reversed(seal.shas):
        yield seal.repo, sha


async def _batches(commits: Iterator[CommitObserved]) -> AsyncIterator[list[CommitObserved]]:
    """Read in a thread, a batch at a time."""
    while batch := await asyncio.to_thread(lambda: list(islice(commits, BATCH))):
        yield batch


@dataclass
class SealedDays:
    """The seals of all sources after feeding: of the days asked for, and of those that were said anew."""

    asked: Sequence[date]
    _seals: Seals = field(default_factory=dict)
    _new: set[date] = field(default_factory=set)

    def add(self, fed: tuple[Seals, set[date]]) -> None:
        seals, new = fed
        self._seals |= seals
        self._new |= new

    def shared(self, sources: Sequence[Source]) -> list[date]:
        """The asked days, then the others with a new seal that every source has sealed."""
        others = sorted(self._new - set(self.asked))
        return [*self.asked, *(day for day in others if all(day in self._seals[source] for source in sources))]

    def numbers(self, day: date) -> dict[Source, int]:
        return {source: by_day[day].number for source, by_day in self._seals.items() if day in by_day}

    @property
    def uncollected(self) -> int:
        """Sources that could not be collected for a day asked for."""
        return sum(any(by_day[day].reason for day in self.asked) for by_day in self._seals.values())
