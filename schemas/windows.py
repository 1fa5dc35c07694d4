"""`commitwire.windows`: something that a report's day depends on has become durable."""

from __future__ import annotations

from datetime import date
from typing import Literal

from schemas.model import Event

Cause = Literal["rows", "seal", "debt", "asked", "closing"]


class WindowTouched(Event):
    """Look at this window again.

    `asked` says that somebody waits for the report, also of a day that is not over; `closing` that nothing more will
    come: publish what there is. `debt` says to publish also what only tells of debts that were paid.
    """

    definition: str
    day: date
    cause: Cause

    @property
    def key(self) -> str:
        return f"{self.definition}/{self.day.isoformat()}"

    @property
    def about(self) -> tuple[str | int, ...]:
        return (self.definition, self.day.isoformat(), self.cause)
