"""Deliveries of the windows a command asked for: the latest revision of each is in its files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from reports.aggregator import WindowKey
from reports.deliveries.files import ReportFiles
from reports.window import Archive
from schemas.reports import ReportDelivered, ReportPublished


@dataclass
class Deliverer:
    """Writes the files of the windows in `wanted`; reports of other windows are left to whoever asks for them."""

    files: ReportFiles
    archive: Archive
    wanted: set[WindowKey] = field(default_factory=set)
    paths: dict[WindowKey, list[Path]] = field(default_factory=dict)
    _revisions: dict[WindowKey, int] = field(default_factory=dict)

    async def deliver(self, report: ReportPublished) -> list[ReportDelivered]:
        """The files of this report, unless it is not wanted or a later revision was delivered."""
        key = (report.definition.name, report.day)
        if key not in self.wanted or report.revision <= self._revisions.get(key, 0):
            return []
        whole = report if report.reference is None else await self._latest(key)
        return await self._write(whole) if whole is not None else []

    async def settle(self, revisions: Mapping[WindowKey, int]) -> list[ReportDelivered]:
        """Make the files of each window be those of its revision, also where nothing new was published."""
        told = []
        for key in sorted(key for key, revision in revisions.items() if self._revisions.get(key, 0) < revision):
            latest = await self._latest(key)
            told += await self._write(latest) if latest is not None else []
        return told

    async def _latest(self, key: WindowKey) -> ReportPublished | None:
        name, day = key
        return (await self.archive.latest_reports(name, [day])).get(day)

    async def _write(self, report: ReportPublished) -> list[ReportDelivered]:
        key: tuple[str, date] = (report.definition.name, report.day)
        written = await asyncio.to_thread(self.files.write, report)
        self._revisions[key] = report.revision
        self.paths[key] = [file.path for file in written]
        return [
            ReportDelivered(
                definition=report.definition.name,
                day=report.day,
                revision=report.revision,
                target=str(file.path),
                language=report.definition.language,
                digest=file.digest,
            )
            for file in written
            if file.changed
        ]
