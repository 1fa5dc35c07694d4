"""Deliveries of the windows a command asked for: the latest revision of each is in its files."""

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
    """Writes the files of the windows in `wanted`; reports of other windows are left to whoever asks for them."""

    files: ReportFiles
    archive: Archive
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
        key = (report.definition.name, report.day)
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
            return await self._write(key, whole) if whole is not None else []

    async def _latest(self, key: WindowKey) -> ReportPublished | None:
        name, day = key
        return (await self.archive.latest_reports(name, [day])).get(day)

    async def _write(self, key: WindowKey, report: ReportPublished) -> list[ReportDelivered]:
        failpoint("deliverer.before_files")
        written = await asyncio.to_thread(self.files.write, report)
        failpoint("deliverer.after_files")
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
