"""A notebook keeps events in memory: the small stand-in for the store, under the same contract."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from reports.window import CommitKey, CommitRow
from schemas.analyses import CommitAnalyzed
from schemas.commits import CommitObserved
from schemas.definition import Source
from schemas.model import Event
from schemas.reports import ReportPublished
from schemas.scores import CommitScored
from schemas.seals import DaySealed


@dataclass
class Known:
    """A commit and its answers."""

    observed: CommitObserved
    analyzed: CommitAnalyzed | None = None
    scored: CommitScored | None = None


@dataclass
class Notebook:
    """Implements the ports of `reports.window`."""

    _observed: dict[CommitKey, CommitObserved] = field(default_factory=dict)
    _analyzed: dict[CommitKey, CommitAnalyzed] = field(default_factory=dict)
    _scored: dict[tuple[str, str, str], CommitScored] = field(default_factory=dict)
    _seals: dict[tuple[Source, str, date], DaySealed] = field(default_factory=dict)
    _reports: dict[tuple[str, date], dict[int, ReportPublished]] = field(default_factory=dict)
    _published: dict[tuple[str, date], int] = field(default_factory=dict)

    async def write(self, events: Sequence[Event]) -> None:
        """Keep these events; a repetition, or an older statement, changes nothing."""
        for event in events:
            if isinstance(event, CommitObserved):
                seen = self._observed.get((event.repo, event.sha))
                if seen is None or seen.version < event.version:
                    self._observed[event.repo, event.sha] = event
            elif isinstance(event, CommitAnalyzed):
                kept = self._analyzed.get((event.repo, event.sha))
                if kept is None or kept.round < event.round:
                    self._analyzed[event.repo, event.sha] = event
            elif isinstance(event, CommitScored):
                self._scored[event.repo, event.sha, event.profile] = event
            elif isinstance(event, DaySealed):
                key = (Source(repo=event.repo, branch=event.branch), event.zone, event.day)
                if key not in self._seals or self._seals[key].number < event.number:
                    self._seals[key] = event

    async def seals(self, sources: Iterable[Source], zone: str, days: Iterable[date] | None) -> list[DaySealed]:
        wanted, chosen = set(sources), None if days is None else set(days)
        return [
            seal
            for (source, seal_zone, day), seal in self._seals.items()
            if source in wanted and seal_zone == zone and (chosen is None or day in chosen)
        ]

    async def complete(self, keys: Collection[CommitKey], profile: str) -> set[CommitKey]:
        return {key for key in keys if key in self._observed and self._is_answered(key, profile)}

    def _is_answered(self, key: CommitKey, profile: str) -> bool:
        known, analyzed = self._observed[key].version, self._analyzed.get(key)
        scored = self._scored.get((*key, profile))
        return bool(analyzed and analyzed.round >= known and scored and scored.final and scored.round >= known)

    async def commits(self, keys: Collection[CommitKey], profile: str) -> Sequence[CommitRow]:
        return [
            Known(self._observed[key], self._analyzed.get(key), self._scored.get((*key, profile)))
            for key in sorted(keys)
            if key in self._observed
        ]

    async def latest_reports(self, name: str, days: Collection[date]) -> dict[date, ReportPublished]:
        found = {day: self._reports.get((name, day), {}) for day in days}
        return {day: revisions[max(revisions)] for day, revisions in found.items() if revisions}

    async def save_reports(self, reports: Sequence[ReportPublished]) -> None:
        for report in reports:
            self._reports.setdefault((report.definition.name, report.day), {})[report.revision] = report

    async def published(self, name: str, days: Collection[date]) -> dict[date, int]:
        return {day: self._published[name, day] for day in days if (name, day) in self._published}

    async def mark_published(self, reports: Sequence[ReportPublished]) -> None:
        """These revisions are on the topic."""
        for report in reports:
            key = (report.definition.name, report.day)
            self._published[key] = max(report.revision, self._published.get(key, 0))
