"""Deliveries of the windows a command asked for: the latest revision of each is in its files.

Where processes share a store, others may deliver to the same directory, and one that was paused may be late. So whoever
writes files asks before and after it whether a later revision is on the topic, and makes them be of that one: the last
who writes a file has looked since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reports.aggregator import WindowKey
from reports.deliveries.files import ReportFiles
from reports.window import Archive
from schemas.reports import ReportDelivered, ReportPublished
from streams.failpoint import failpoint


def nothing_more(window: WindowKey) -> bool:
    """For commands: they say which windows they want."""
    return False


@dataclass
class Deliverer:
    """Writes the files of the windows in `wanted`; reports of other windows are left to whoever asks for them.

    `shared` says whether other processes may deliver reports of the same store.
    """

    files: ReportFiles
    archive: Archive
    shared: bool
    wanted: set[WindowKey] = field(default_factory=set)
    wants: Callable[[WindowKey], bool] = nothing_more  # besides those
    unanswered: dict[WindowKey, int] = field(default_factory=dict)  # commits without an analysis that can still come
    _revisions: dict[WindowKey, int] = field(default_factory=dict)
    _told: dict[WindowKey, list[ReportDelivered]] = field(default_factory=dict)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def paths(self) -> list[Path]:
        """The files that were delivered, by report and day."""
        return [Path(told.target) for key in sorted(self._told) for told in self._told[key]]

    async def deliver(self, report: ReportPublished) -> list[ReportDelivered]:
        """The files of this report, unless it is not wanted or a later revision was delivered.

        A repetition returns the same: what was told of files may have been lost with the batch that it was part of.
        """
        key = _window(report)
        if key not in self.wanted and not self.wants(key):
            return []
        await self._stand(key, report.revision, report)
        return self._told[key] if self._revisions.get(key) == report.revision else []

    async def settle(self, revisions: Mapping[WindowKey, int]) -> list[ReportDelivered]:
        """Make the files of each window be those of its revision, also where nothing new was published."""
        return [told for key in sorted(revisions) for told in await self._stand(key, revisions[key])]

    async def _stand(
        self, key: WindowKey, revision: int, report: ReportPublished | None = None
    ) -> list[ReportDelivered]:
        """One at a time: the same report comes from the topic and from the command that waits for it."""
        async with self._writing:
            if revision <= self._revisions.get(key, 0):
                return []
            whole = report if report is not None and report.reference is None else await self._latest(key)
            return await self._write(whole) if whole is not None else []

    async def _latest(self, key: WindowKey) -> ReportPublished | None:
        name, day = key
        return (await self.archive.latest_reports(name, [day])).get(day)

    async def _newer(self, report: ReportPublished) -> ReportPublished | None:
        """The report of the same window of which a later revision is on the topic."""
        if not self.shared:
            return None
        key = name, day = _window(report)
        on_topic = (await self.archive.published(name, [day])).get(day, 0)
        latest = await self._latest(key) if on_topic > report.revision else None
        return latest if latest is not None and latest.revision > report.revision else None

    async def _write(self, report: ReportPublished) -> list[ReportDelivered]:
        """The files of this report, or of a later revision."""
        failpoint("deliverer.before_files")
        report = await self._newer(report) or report
        written = await asyncio.to_thread(self.files.write, report)
        while (newer := await self._newer(report)) is not None:
            report = newer
            written = await asyncio.to_thread(self.files.write, report)
        failpoint("deliverer.after_files")
        key = _window(report)
        self._revisions[key] = report.revision
        self.unanswered[key] = report.coverage.failed + report.coverage.missing
        self._told[key] = [
            ReportDelivered(
                definition=report.definition.name,
                day=report.day,
                revision=report.revision,
                target=str(file.path),
                language=report.definition.language,
                digest=file.digest,
            )
            for file in written  # also those that were right before: a crash may have kept that from being said
        ]
        return self._told[key]


def _window(report: ReportPublished) -> WindowKey:
    return report.definition.name, report.day
