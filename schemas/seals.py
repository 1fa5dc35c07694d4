"""`commitwire.seals`: a source states what a day of one branch consists of."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime

from schemas.model import Event, value
from schemas.sha import Sha


@value
class LateArrival:
    """A commit dated before the day that reached the branch on the day (mostly through a merge)."""

    sha: Sha
    day: date


class DaySealed(Event):
    """What (repo, branch, zone, day) consists of, or why that could not be collected.

    `start` and `end` bound the day in UTC; `shas` are its commits, newest first. `late` arrived on this day with an
    older date (at most LATE_LIMIT, `late_total` counts all). `number` rises by one with each statement that differs;
    the highest wins. `complete` is false while the day is not over. `tip` is the branch's commit when it was read.
    `reason` is set when the source could not be collected; then `shas` are those of the last good seal.
    """

    repo: str
    branch: str
    zone: str
    day: date
    start: AwareDatetime
    end: AwareDatetime
    number: int
    complete: bool
    shas: tuple[Sha, ...]
    late: tuple[LateArrival, ...] = ()
    late_total: int = 0
    tip: str = ""
    reason: str | None = None
    sealed_at: AwareDatetime

    @property
    def key(self) -> str:
        return self.repo

    @property
    def about(self) -> tuple[str | int, ...]:
        return (self.repo, self.branch, self.zone, self.day.isoformat(), self.number)

    @property
    def statement(self) -> tuple[object, ...]:
        """What it says, apart from when: a seal that says the same gets no new number."""
        return (self.start, self.end, self.complete, frozenset(self.shas), frozenset(self.late), self.reason)


LATE_LIMIT = 500
