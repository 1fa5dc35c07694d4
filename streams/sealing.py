"""Seals: what a source says of a day becomes the next numbered statement, or none when it says nothing new. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TypeVar

from schemas.day import day_of, interval
from schemas.definition import Source
from schemas.seals import LATE_LIMIT, DaySealed, LateArrival

_T = TypeVar("_T")


@dataclass(frozen=True)
class Reading:
    """What a source holds for a day at present; `reason` says why it could not be read.

    `elsewhere` are commits of earlier statements about the day that are known to belong to another one.
    """

    day: date
    shas: Sequence[str] = ()
    late: Sequence[LateArrival] = ()
    late_total: int = 0
    tip: str = ""
    reason: str | None = None
    elsewhere: frozenset[str] = frozenset()

    def with_late(self, arrivals: Sequence[LateArrival]) -> Reading:
        """Commits that were noticed on the day stand with those that merges of the day brought."""
        new = [arrival for arrival in arrivals if arrival not in self.late]
        return replace(self, late=(*self.late, *new)[:LATE_LIMIT], late_total=self.late_total + len(new))


@dataclass(frozen=True)
class Sealer:
    """Numbers the statements of one source in one zone.

    Commits that left the branch leave the seals of the last `revise_days` days only; older days, and sources that
    only add (files of commits), keep them.
    """

    source: Source
    zone: str
    now: datetime
    revise_days: int = 30
    adds_only: bool = False

    def seal(self, reading: Reading, previous: DaySealed | None) -> DaySealed:
        """The statement of this reading: `previous` itself when nothing changed."""
        start, end = interval(reading.day, self.zone)
        shas, late = tuple(reading.shas), tuple(reading.late)
        if previous is not None and (reading.reason or not self._may_remove(reading.day)):
            shas = _joined(shas, previous.shas)
            late = tuple(_joined(late, previous.late))[:LATE_LIMIT]
        shas = tuple(sha for sha in shas if sha not in reading.elsewhere)
        statement = DaySealed(
            repo=self.source.repo,
            branch=self.source.branch,
            zone=self.zone,
            day=reading.day,
            start=start,
            end=end,
            number=previous.number + 1 if previous else 1,
            complete=self.now >= end,
            shas=shas,
            late=late,
            late_total=max(reading.late_total, len(late)),
            tip=reading.tip,
            reason=reading.reason,
            sealed_at=self.now,
        )
        return previous if previous and previous.statement == statement.statement else statement

    def _may_remove(self, day: date) -> bool:
        return not self.adds_only and day >= day_of(self.now, self.zone) - timedelta(days=self.revise_days)


def noticed(
    statements: Iterable[DaySealed], merged: Mapping[date, Reading | DaySealed]
) -> dict[date, list[LateArrival]]:
    """The commits that came late without a merge, by the day of the statement that first had them, newest day first.

    `statements` are those of one source in one zone about finished days, at least of each day that got several.
    `merged` is what stands for each day: a commit that is late on some other day already is not late again. Where a
    list of a day is cut off, everything older is taken to be in it.
    """
    listed: dict[str, set[date]] = defaultdict(set)
    for day, held in merged.items():
        for late in held.late:
            listed[late.sha].add(day)
    cut = max((day for day, held in merged.items() if held.late_total > len(held.late)), default=date.min)
    found: dict[date, list[LateArrival]] = defaultdict(list)
    told = sorted((seal for seal in statements if seal.complete), key=lambda seal: (seal.day, seal.number))
    for day, seals in groupby(reversed(told), key=lambda seal: seal.day):
        for sha, seal in _came_after(list(seals)[::-1]).items():
            on = day_of(seal.sealed_at, seal.zone)
            if day >= cut and not listed[sha] - {on}:
                found[on].append(LateArrival(sha=sha, day=day))
    return found


def _came_after(told: Sequence[DaySealed]) -> dict[str, DaySealed]:
    """The commits of the last statement that its first good one lacks, each with the statement that first had it.

    Without a tip (shallow clones, files of commits) a statement never was good: it could not hold everything.
    """
    first: dict[str, DaySealed] = {}
    for seal in reversed(told):
        first |= dict.fromkeys(seal.shas, seal)
    good = next((seal.number for seal in told if seal.tip and not seal.reason), None)
    return {sha: first[sha] for sha in told[-1].shas if good is not None and first[sha].number > good}


def _joined(first: Iterable[_T], second: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys((*first, *second)))
