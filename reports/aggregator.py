"""The aggregator: looks at touched windows and publishes a revision of each that is ready and says something new."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence, Set
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from reports.debts import PATIENCE, only_debts_differ
from reports.fold import digest, fold, owes
from reports.window import Archive, CommitKey, CommitRow, Memory, Window
from schemas.definition import Definition, Source
from schemas.reports import Opening, ReportPublished
from schemas.seals import DaySealed
from schemas.windows import Cause, WindowTouched

CLOSE_LIMIT = timedelta(hours=1)
PORTION = 400  # commits whose reports are made at once, if not of one window
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


@dataclass
class _Found:
    """What a look found: what was `told` of each window, which are `ready`, which wait, and which are `left` because
    there is enough to do. Those that are ready are of one definition."""

    left: set[WindowKey]
    told: dict[WindowKey, int | None] = field(default_factory=dict)
    ready: list[Window] = field(default_factory=list)
    waiting: set[WindowKey] = field(default_factory=set)

    @property
    def is_enough(self) -> bool:
        """Whether further windows are left for the next look."""
        return sum(len(window.keys) for window in self.ready) > PORTION


class Aggregator:
    """Owner of windows: one per window at any time, so that revisions follow one another.

    A window is ready when every source has sealed the day and every commit of the seals is answered; when it is being
    closed, or this process has seen it wait for longer than `close_limit`, it is published with what there is. The
    report is durable in the archive before it is returned, so a repetition after a crash publishes the very same one.
    Windows that `opens` denies get revisions, but no first report; with `whole_days`, nor do days that are not over.

    With `models`, a window also waits for a model's answers. While something is owed, a report that would tell of
    nothing but paid debts is made at most once a day; a window held back so is looked at again with the first touch of
    any window after that, or published when it is touched with the cause "debt". `opener` is asked once for each new
    revision's opening; without one the report goes as it is.
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
        whole_days: bool = False,
        settled: Callable[[Settled], None] = lambda _: None,
        models: bool = False,
        opener: Opener | None = None,
    ) -> None:
        self._memory, self._archive = memory, archive
        self._definitions, self._now = definitions, now
        self._close_limit, self._opens, self._settled = close_limit, opens, settled
        self._models, self._opener = models, opener
        self._whole_days = whole_days
        self._waiting: set[WindowKey] = set()
        self._asked: set[WindowKey] = set()  # somebody waits for their reports
        self._held: dict[WindowKey, datetime] = {}  # until when a window with debts is held back
        self._since: dict[WindowKey, datetime] = {}  # when a window that waits was seen first
        self._said: dict[WindowKey, int] = {}
        self._stood: dict[WindowKey, tuple[int | None, Mapping[Source, int]]] = {}  # what was folded last

    @property
    def waiting(self) -> set[WindowKey]:
        """Windows whose commits are not all answered, as far as this process has looked."""
        return set(self._waiting)

    @property
    def held(self) -> set[WindowKey]:
        """Windows whose paid debts are told of later."""
        return set(self._held)

    async def look(self, touches: Sequence[WindowTouched]) -> list[ReportPublished | WindowTouched]:
        """Look at the touched windows, and again at those that wait: late commits of another day may complete them.

        Returns the reports to publish, and a touch for each window that is not done: of those that are more than belong
        into memory at once, and of those that somebody else has published meanwhile. Nothing is remembered before all
        of it succeeded, so a repetition after an error returns the same.
        """
        causes = {(touch.definition, touch.day): touch.cause for touch in sorted(touches, key=_weight)}
        asked = self._asked | {key for key, cause in causes.items() if cause in ("debt", "asked", "closing")}
        found = await self._find(causes, asked)
        held: dict[WindowKey, datetime] = {}
        settled = await self._settle(found.ready, causes, found.told, held) if found.ready else []
        published = await self._unsaid([report for _, report in settled])
        self._waiting = found.waiting | (self._waiting & found.left)
        looked = {window.key for window in found.ready}
        self._held = {key: until for key, until in self._held.items() if key not in looked} | held
        self._since = {key: since for key, since in self._since.items() if key in self._waiting}
        self._said |= {(report.definition.name, report.day): report.revision for report in published}
        for notice, _ in settled:
            key = (notice.definition, notice.day)
            self._stood[key] = (found.told[key], notice.seals)
            self._settled(notice)
        undone = looked - {(notice.definition, notice.day) for notice, _ in settled}
        self._asked = {key for key in asked if key in found.waiting | undone or key not in found.told}
        again = [_again(key, causes.get(key, "rows")) for key in sorted(undone | (found.left & causes.keys()))]
        if found.left and not again:  # any touch makes those that wait be looked at; one of these comes back here
            again = [_again(min(causes, default=min(found.left)), "rows")]
        return [*published, *again]

    async def _find(self, causes: Mapping[WindowKey, Cause], asked: set[WindowKey]) -> _Found:
        """Those of the touched windows, of those held back for long enough, and of those that wait, that are ready."""
        due = {key for key, until in self._held.items() if until <= self._now()}
        soon = due | causes.keys()
        found = _Found(left=soon | self._waiting)
        async with aclosing(self._survey((soon, self._waiting - soon), asked)) as surveyed:
            async for window, said in surveyed:
                if any(window.definition is not other.definition for other in found.ready[:1]):
                    return found
                found.told[window.key] = said
                found.left.discard(window.key)
                if said is None and causes.get(window.key) != "closing":
                    found.waiting.add(window.key)
                elif window.key in due or causes.get(window.key) == "debt" or not self._stands(window, said):
                    found.ready.append(window)
                    if found.is_enough:
                        return found
        found.left.clear()  # the others are not sealed yet, or nobody is told of them
        return found

    async def examine(self, keys: set[WindowKey], *, closing: bool = False) -> list[Settled]:
        """Which of these windows have a report that stands, for one who does not own them: nothing is made of it.

        With `closing`, also those that were published although something was still to come.
        """
        found = []
        ready = [window async for window, said in self._survey([keys], keys) if closing or said is not None]
        while portion := _portion(ready):
            ready = ready[len(portion) :]
            for window, (last, rows) in zip(portion, await self._known(portion), strict=True):
                if last is not None and self._suffices(last, window, rows):
                    found.append(Settled(*window.key, last.revision, window.numbers))
        return found

    def _stands(self, window: Window, said: int | None) -> bool:
        """Whether this process folded the same before: touches come in crowds."""
        return said is not None and self._stood.get(window.key) == (said, window.numbers)

    async def _survey(
        self, groups: Sequence[Set[WindowKey]], asked: set[WindowKey]
    ) -> AsyncGenerator[tuple[Window, int | None], None]:
        """The sealed windows of each group, each with a number that rises with what was said; None: it is not ready.

        Those of days that are not over count where they are `asked` for, or every day is published so.
        """
        for keys in groups:
            for name in sorted({name for name, _ in keys} & self._definitions.keys()):
                definition = self._definitions[name]
                days = await self._opened(name, {day for other, day in keys if other == name})
                windows: Sequence[Window] = await self._windows(definition, days, asked)
                while some := _portion(windows):
                    windows = windows[len(some) :]
                    wanted = {key for window in some for key in window.keys}
                    language = definition.language if self._models else None
                    answered = await self._memory.complete(wanted, definition.profile, language) if wanted else {}
                    for window in some:
                        yield window, self._said_of(window, answered)

    async def _opened(self, name: str, days: set[date]) -> set[date]:
        """The days that may be published: nobody is told of a day that nobody asked for."""
        denied = [day for day in days if not self._opens((name, day))]
        reported = await self._archive.latest_reports(name, denied) if denied else {}
        return days.difference(denied) | reported.keys()

    async def _windows(self, definition: Definition, days: set[date], asked: set[WindowKey]) -> list[Window]:
        """The sealed ones, oldest day first: without a seal of every source there is nothing to say yet."""
        seals = await self._memory.seals(definition.sources, definition.zone, days)
        by_day: dict[date, dict[Source, DaySealed]] = defaultdict(dict)
        for seal in seals:
            by_day[seal.day][Source(repo=seal.repo, branch=seal.branch)] = seal
        windows = (Window(definition, day, by_day[day]) for day in sorted(by_day))
        early = asked if self._whole_days else {(definition.name, day) for day in days}
        return [window for window in windows if window.is_sealed and (window.is_over or window.key in early)]

    def _said_of(self, window: Window, answered: Mapping[CommitKey, int]) -> int | None:
        # Not since the seal: a process that begins a day later finds the answers still on their way.
        since = self._since.setdefault(window.key, self._now())
        if window.keys <= answered.keys() or self._now() - since > self._close_limit:
            return sum(answered.get(key, 0) for key in window.keys)
        return None

    async def _settle(
        self,
        windows: Sequence[Window],
        causes: Mapping[WindowKey, Cause],
        said: Mapping[WindowKey, int | None],
        held: dict[WindowKey, datetime],
    ) -> list[tuple[Settled, ReportPublished]]:
        """The reports that stand for windows of one definition: a new revision, or the last one if it says enough.

        Windows whose paid debts are told of later are added to `held`.
        """
        known = await self._known(windows)
        reports = [
            self._standing(window, rows, last, held, tells_of_debts=causes.get(window.key) == "debt")
            for window, (last, rows) in zip(windows, known, strict=True)
        ]
        new = [report for report, (last, _) in zip(reports, known, strict=True) if report is not last]
        opened = dict(zip([report.day for report in new], await asyncio.gather(*map(self._open, new)), strict=True))
        knowledge = {window.day: window.knowledge(said[window.key]) for window in windows}
        standing = await self._archive.save_reports(list(opened.values()), knowledge)
        return [
            (Settled(*window.key, report.revision, window.numbers), opened.get(window.day, report))
            for window, report in zip(windows, reports, strict=True)
            if window.day in standing or window.day not in opened
        ]

    async def _known(self, windows: Sequence[Window]) -> list[tuple[ReportPublished | None, list[CommitRow]]]:
        """Of each of these windows of one definition: its last report, and what is known of its commits."""
        definition = windows[0].definition
        previous = await self._archive.latest_reports(definition.name, [window.day for window in windows])
        keys = {key for window in windows for key in window.keys}
        found = await self._memory.commits(keys, definition.profile, definition.language)
        rows = {(row.observed.repo, row.observed.sha): row for row in found}
        return [(previous.get(window.day), [rows[key] for key in window.keys if key in rows]) for window in windows]

    def _standing(
        self,
        window: Window,
        rows: Sequence[CommitRow],
        last: ReportPublished | None,
        held: dict[WindowKey, datetime],
        *,
        tells_of_debts: bool,
    ) -> ReportPublished:
        """A new revision; `last` itself where that says the same, or may stand for a while yet."""
        report = fold(window, rows, previous=last, now=self._now())
        if last is None or _is_same(last, report):
            return last or report
        if tells_of_debts or not self._can_wait(last, report, rows):
            return report
        held[window.key] = last.published_at + PATIENCE
        return last

    def _suffices(self, last: ReportPublished, window: Window, rows: Sequence[CommitRow]) -> bool:
        """Whether a new revision would say nothing new, or can wait."""
        report = fold(window, rows, previous=last, now=self._now())
        return _is_same(last, report) or self._can_wait(last, report, rows)

    def _can_wait(self, last: ReportPublished, report: ReportPublished, rows: Sequence[CommitRow]) -> bool:
        """While something is owed, paid debts are told of once a day."""
        early = self._now() < last.published_at + PATIENCE
        return early and any(map(owes, rows)) and only_debts_differ(last, report)

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


def _is_same(last: ReportPublished, report: ReportPublished) -> bool:
    """An earlier version of this program may have made the digest of what it saved otherwise."""
    return report.digest in (last.digest, digest(last))


def _portion(windows: Sequence[Window]) -> Sequence[Window]:
    """The first windows of one definition, as many as have about PORTION commits together."""
    commits = 0
    for count, window in enumerate(windows):
        if commits > PORTION or window.definition is not windows[0].definition:
            return windows[:count]
        commits += len(window.keys)
    return windows


def _weight(touch: WindowTouched) -> int:
    """Of several touches of a window the last one counts."""
    causes: tuple[Cause, ...] = ("rows", "seal", "debt", "asked", "closing")
    return causes.index(touch.cause)


def _again(key: WindowKey, cause: Cause) -> WindowTouched:
    name, day = key
    return WindowTouched(definition=name, day=day, cause=cause)
