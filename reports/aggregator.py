"""The aggregator: looks at touched windows and publishes a revision of each that is ready and says something new."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from reports.debts import PATIENCE, only_debts_differ
from reports.fold import digest, fold, owes
from reports.window import Archive, CommitKey, CommitRow, Memory, Window
from schemas.definition import Definition, Source
from schemas.reports import Opening, ReportPublished
from schemas.seals import DaySealed
from schemas.windows import WindowTouched

CLOSE_LIMIT = timedelta(hours=1)
PORTION = 1_000  # commits whose reports are made at once, if not of one window
WindowKey = tuple[str, date]  # definition's name, day
Opener = Callable[[ReportPublished], Awaitable[Opening | None]]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settled:
    """A window's report stands: revision `revision` says what the seals with these numbers do.

    Of debts it may say less than is known: it can stand for a day while some are paid and others are left.
    """

    definition: str
    day: date
    revision: int
    seals: Mapping[Source, int]


class Aggregator:
    """Owner of windows: one per window at any time, so that revisions follow one another.

    A window is ready when every source has sealed the day and every commit of the seals is answered; when it is being
    closed, or this process has seen it wait for longer than `close_limit`, it is published with what there is. The
    report is durable in the archive before it is returned, so a repetition after a crash publishes the very same one.
    Windows that `opens` denies get revisions, but no first report.

    With `models`, a window also waits for a model's answers. While something is owed, a report that would tell of
    nothing but paid debts is made at most once a day; a window held back so is looked at again with the first touch of
    any window after that. `opener` is asked once for each new revision's opening; without one the report goes as it is.
    """

    def __init__(
        self,
        memory: Memory,
        archive: Archive,
        definitions: Mapping[str, Definition],
        now: Callable[[], datetime],
        *,
        close_limit: timedelta = CLOSE_LIMIT,
        opens: Callable[[WindowKey], bool] = lambda _: True,
        settled: Callable[[Settled], None] = lambda _: None,
        models: bool = False,
        opener: Opener | None = None,
    ) -> None:
        self._memory, self._archive = memory, archive
        self._definitions, self._now = definitions, now
        self._close_limit, self._opens, self._settled = close_limit, opens, settled
        self._models, self._opener = models, opener
        self._waiting: set[WindowKey] = set()
        self._held: dict[WindowKey, datetime] = {}  # until when a window with debts is held back
        self._since: dict[WindowKey, datetime] = {}  # when a window that waits was seen first
        self._said: dict[WindowKey, int] = {}

    async def look(self, touches: Sequence[WindowTouched]) -> list[ReportPublished | WindowTouched]:
        """Look at the touched windows, and again at those that wait: late commits of another day may complete them.

        Returns the reports to publish and, when more windows are ready than belong into memory at once, a touch for
        each of the others. Nothing is remembered before all of it succeeded, so a repetition after an error returns
        the same.
        """
        touched = {(touch.definition, touch.day) for touch in touches}
        closing = {(touch.definition, touch.day) for touch in touches if touch.cause == "closing"}
        waiting: set[WindowKey] = set()
        ready: list[Window] = []
        for window, is_ready in await self._survey(touched | self._waiting | self._due()):
            if is_ready or window.key in closing:
                ready.append(window)
            else:
                waiting.add(window.key)
        portion = _portion(ready)
        settled = await self._settle(portion) if portion else []
        published = await self._unsaid([report for _, report in settled])
        self._waiting = waiting
        self._since = {key: since for key, since in self._since.items() if key in waiting}
        self._said |= {(report.definition.name, report.day): report.revision for report in published}
        for notice, _ in settled:
            self._settled(notice)
        return [*published, *(_again(window, closing) for window in ready[len(portion) :])]

    def _due(self) -> set[WindowKey]:
        """Windows that were held back for long enough."""
        return {key for key, until in self._held.items() if until <= self._now()}

    async def _survey(self, keys: set[WindowKey]) -> list[tuple[Window, bool]]:
        """The sealed windows among `keys`, each with whether it is ready."""
        found = []
        for name in sorted({name for name, _ in keys} & self._definitions.keys()):
            definition = self._definitions[name]
            days = await self._opened(name, {day for other, day in keys if other == name})
            windows = await self._windows(definition, days)
            wanted = {key for window in windows for key in window.keys}
            language = definition.language if self._models else None
            answered = await self._memory.complete(wanted, definition.profile, language) if wanted else set()
            found += [(window, self._is_ready(window, answered)) for window in windows]
        return found

    async def _opened(self, name: str, days: set[date]) -> set[date]:
        """The days that may be published: nobody is told of a day that nobody asked for."""
        denied = [day for day in days if not self._opens((name, day))]
        reported = await self._archive.latest_reports(name, denied) if denied else {}
        return days.difference(denied) | reported.keys()

    async def _windows(self, definition: Definition, days: set[date]) -> list[Window]:
        """The sealed ones, oldest day first: without a seal of every source there is nothing to say yet."""
        seals = await self._memory.seals(definition.sources, definition.zone, days)
        by_day: dict[date, dict[Source, DaySealed]] = defaultdict(dict)
        for seal in seals:
            by_day[seal.day][Source(repo=seal.repo, branch=seal.branch)] = seal
        windows = (Window(definition, day, by_day[day]) for day in sorted(by_day))
        return [window for window in windows if window.is_sealed]

    def _is_ready(self, window: Window, answered: set[CommitKey]) -> bool:
        # Not since the seal: a process that begins a day later finds the answers still on their way.
        since = self._since.setdefault(window.key, self._now())
        return window.keys <= answered or self._now() - since > self._close_limit

    async def _settle(self, windows: Sequence[Window]) -> list[tuple[Settled, ReportPublished]]:
        """The reports that stand for windows of one definition: a new revision, or the last one if it says enough."""
        definition = windows[0].definition
        previous = await self._archive.latest_reports(definition.name, [window.day for window in windows])
        keys = {key for window in windows for key in window.keys}
        known = await self._memory.commits(keys, definition.profile, definition.language)
        rows = {(row.observed.repo, row.observed.sha): row for row in known}
        reports = [
            self._standing(window, [rows[k] for k in window.keys if k in rows], previous.get(window.day))
            for window in windows
        ]
        new = [report for report in reports if report is not previous.get(report.day)]
        opened = dict(zip([report.day for report in new], await asyncio.gather(*map(self._open, new)), strict=True))
        await self._archive.save_reports(list(opened.values()))
        return [
            (Settled(definition.name, window.day, report.revision, window.numbers), opened.get(window.day, report))
            for window, report in zip(windows, reports, strict=True)
        ]

    def _standing(self, window: Window, rows: Sequence[CommitRow], last: ReportPublished | None) -> ReportPublished:
        """A new revision; `last` itself where that says the same, or may stand for a while yet."""
        self._held.pop(window.key, None)
        report = fold(window, rows, previous=last, now=self._now())
        # An earlier version of this program may have made the digest of what it saved otherwise.
        if last is None or (report.digest not in (last.digest, digest(last)) and not self._holds(last, report, rows)):
            return report
        return last

    def _holds(self, last: ReportPublished, report: ReportPublished, rows: Sequence[CommitRow]) -> bool:
        """Whether the new revision can wait: while something is owed, paid debts are told of once a day."""
        until = last.published_at + PATIENCE
        held = self._now() < until and any(map(owes, rows)) and only_debts_differ(last, report)
        if held:
            self._held[report.definition.name, report.day] = until
        return held

    async def _open(self, report: ReportPublished) -> ReportPublished:
        """The report with its opening, where one can be had."""
        if self._opener is None:
            return report
        try:
            return report.model_copy(update={"opening": await self._opener(report)})
        except Exception as error:  # whatever ails the opening, the report is worth more
            _log.warning("the report %s has no opening: %s", report.key, error)
            return report

    async def _unsaid(self, reports: Sequence[ReportPublished]) -> list[ReportPublished]:
        """A crash may fall between the archive and the topic: what is only in the archive is said again."""
        unknown: dict[str, list[date]] = defaultdict(list)
        for report in reports:
            if (report.definition.name, report.day) not in self._said:
                unknown[report.definition.name].append(report.day)
        said = dict(self._said)
        for name, days in unknown.items():
            said |= {(name, day): revision for day, revision in (await self._archive.published(name, days)).items()}
        return [report for report in reports if said.get((report.definition.name, report.day), 0) < report.revision]


def _portion(windows: Sequence[Window]) -> Sequence[Window]:
    """The first windows of one definition, as many as have about PORTION commits together."""
    commits = 0
    for count, window in enumerate(windows):
        if commits > PORTION or window.definition is not windows[0].definition:
            return windows[:count]
        commits += len(window.keys)
    return windows


def _again(window: Window, closing: set[WindowKey]) -> WindowTouched:
    name, day = window.key
    return WindowTouched(definition=name, day=day, cause="closing" if window.key in closing else "rows")
