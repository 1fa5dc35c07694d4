"""Opening the sources of a command: what needs no store, so that it happens while the store is opened."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from schemas.day import day_of
from schemas.definition import Source
from schemas.errors import Misuse, SourceFailed
from streams.clock import Clock
from streams.collector import BranchCollector, Collector, FailedCollector, FileCollector
from streams.config import Settings
from streams.request import Request
from streams.sources.branch import Branch
from streams.sources.repository import Place, Repository, name_of, open_repository


@dataclass(frozen=True)
class Opened:
    """The sources, and the days that the command means by them."""

    collectors: Sequence[Collector]
    days: Sequence[date]


async def open_sources(
    request: Request, places: Sequence[Place], settings: Settings, clock: Clock, complain: Callable[[str], None]
) -> Opened:
    """Open all sources, find out which days are asked for, and read what they consist of. Raises Misuse."""
    collectors = await open_collectors(places, request.branch, settings)
    if request.jsonl is not None:
        collectors.append(FileCollector(request.jsonl, complain, clock.now))
    await _check_names(request, collectors)
    days = await _days(request, collectors, clock.now())
    for collector in collectors:
        with suppress(SourceFailed):  # it is read again when its days are sealed, and fails there
            for source in collector.sources():
                await asyncio.to_thread(collector.readings, source, days, request.zone)
    return Opened(collectors, days)


async def open_collectors(places: Sequence[Place], branch: str | None, settings: Settings) -> list[Collector]:
    """One for each repository, brought up to date; those that cannot be read say so when they are sealed."""
    opening = (asyncio.to_thread(_open, place, branch, settings) for place in places)
    return list(await asyncio.gather(*opening))


def reopen(place: Place, name: str, bound: Mapping[str, str], settings: Settings) -> Collector:
    """A repository for one who looks again and again: none of those that were read before may stop the others.

    `bound` holds the branch of each of them, `name` is what this one was known by. A clone keeps its branch, whatever
    is checked out there; a mirror follows its origin's default one. Raises Misuse for a place that is new.
    """
    try:
        repository = open_repository(place, settings.mirrors)
        name = repository.name
        return BranchCollector(_branch(repository, bound.get(name) if place.path else None))
    except (SourceFailed, Misuse) as error:
        if isinstance(error, Misuse) and name not in bound:
            raise
        return FailedCollector.of(name, None, str(error))


def check_twins(sources: Sequence[Source]) -> None:
    """Raises Misuse when two repositories have the same name."""
    twice = next((source for source, count in Counter(sources).items() if count > 1), None)
    if twice is not None:
        raise Misuse(f"two of the repositories are {twice.repo} ({twice.branch}); name one: owner/name=PATH")


async def _days(request: Request, collectors: Sequence[Collector], now: datetime) -> list[date]:
    last: list[date | None] = []
    for collector in collectors:
        with suppress(SourceFailed):  # it fails again, with its reason, when its days are sealed
            last.append(await asyncio.to_thread(collector.last_day, request.zone, now))
    newest = max((day for day in last if day is not None), default=None)
    return request.days(newest, day_of(now, request.zone))


def _open(place: Place, ref: str | None, settings: Settings) -> Collector:
    try:
        return BranchCollector(Branch(open_repository(place, settings.mirrors), ref))
    except SourceFailed as error:
        return FailedCollector.of(name_of(place), ref, str(error))


def _branch(repository: Repository, bound: str | None) -> Branch:
    """The bound one while it is there."""
    if bound is not None:
        with suppress(Misuse):
            return Branch(repository, bound)
    return Branch(repository)


async def _check_names(request: Request, collectors: Sequence[Collector]) -> None:
    sources = [source for collector in collectors for source in await asyncio.to_thread(collector.sources)]
    check_twins(sources)
    if not sources:
        raise Misuse(f"--jsonl: {request.jsonl} holds no commit, so it names no repository to report on")
