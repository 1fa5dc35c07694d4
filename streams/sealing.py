"""Seals: what a source says of a day becomes the next numbered statement, or none when it says nothing new. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from schemas.day import day_of, interval
from schemas.definition import Source
from schemas.seals import LATE_LIMIT, DaySealed, LateArrival

_T = TypeVar("_T")


@dataclass(frozen=True)
class Reading:
    """What a source holds for a day at present; `reason` says why it could not be read."""

    day: date
    shas: Sequence[str] = ()
    late: Sequence[LateArrival] = ()
    late_total: int = 0
    tip: str = ""
    reason: str | None = None


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


def _joined(first: Iterable[_T], second: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys((*first, *second)))
