"""What only the store knows of a running process: asked rarely, not for long, and remembered in between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import NamedTuple, Protocol

from schemas.errors import CommitwireError
from streams.store.question import Table

APART_SECONDS = 15.0  # between two questions
SHARE = 20  # times as long as an answer took, at least, before the next question: a busy store is left in peace
PATIENCE_SECONDS = 1.0  # for a fresh answer; the last one is good enough otherwise
LIMIT_SECONDS = 60.0  # for an answer at all
OWED = "SELECT count() FROM v_owed"
REPORTS = "SELECT definition, uniqExact(day), max(published_at) FROM v_reports GROUP BY definition ORDER BY definition"
_log = logging.getLogger(__name__)


class Answering(Protocol):
    """The store (streams.store.store.Store)."""

    async def select(self, sql: str, limit_rows: int | None = None) -> Table: ...


class Published(NamedTuple):
    """The reports of a definition: how many days have one, and when the newest revision was published."""

    definition: str
    days: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class Findings:
    """`found_at` is on the monotonic clock, in seconds."""

    owed: int
    reports: tuple[Published, ...]
    found_at: float


class Survey:
    """Holds the last findings; `seconds` is a monotonic clock."""

    def __init__(self, store: Answering, seconds: Callable[[], float] = monotonic) -> None:
        self.findings: Findings | None = None
        self._store = store
        self._seconds = seconds
        self._began = self._due = seconds()
        self._asking: asyncio.Task[None] | None = None

    @property
    def age(self) -> float:
        """Seconds since the findings were true; without any, since it began."""
        return self._seconds() - (self.findings.found_at if self.findings else self._began)

    async def refresh(self) -> None:
        """Ask again when it is time, and wait a moment for the answer. Never raises; the log says what failed."""
        if self._asking is None and self._seconds() >= self._due:
            self._asking = asyncio.create_task(self._ask())
        if self._asking is not None:
            await asyncio.wait({self._asking}, timeout=PATIENCE_SECONDS)

    async def stop(self) -> None:
        """Ask no more; the store may be closed then."""
        self._due = float("inf")
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self) -> None:
        began = self._seconds()
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                self.findings = await self._find()
        except (CommitwireError, TimeoutError) as error:
            _log.warning("the store was not asked what is owed and published: %s", str(error) or "no answer in time")
        finally:
            took = self._seconds() - began
            self._due = max(self._due, self._seconds() + max(APART_SECONDS, SHARE * took))
            self._asking = None

    async def _find(self) -> Findings:
        [(owed,)] = (await self._store.select(OWED)).rows
        reports = (await self._store.select(REPORTS)).rows
        return Findings(int(owed), tuple(Published(*row) for row in reports), self._seconds())
