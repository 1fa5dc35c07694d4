"""A notebook keeps events in memory: the small stand-in for the store, under the same contract."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from reports.window import CommitKey, CommitRow
from schemas.analyses import ANY_LANGUAGE, DEPTHS, ROUNDS, CommitAnalyzed
from schemas.commits import CommitObserved
from schemas.definition import Language, Source
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
    debt: CommitAnalyzed | None = None


@dataclass
class Notebook:
    """Implements the ports of `reports.window`."""

    _observed: dict[CommitKey, CommitObserved] = field(default_factory=dict)
    _analyses: dict[CommitKey, dict[int, CommitAnalyzed]] = field(default_factory=dict)  # by round
    _scored: dict[tuple[str, str, str], CommitScored] = field(default_factory=dict)
    _seals: dict[tuple[Source, str, date], DaySealed] = field(default_factory=dict)
    _reports: dict[tuple[str, date], dict[int, ReportPublished]] = field(default_factory=dict)
    _knowledge: dict[tuple[str, date, int], int] = field(default_factory=dict)
    _published: dict[tuple[str, date], int] = field(default_factory=dict)

    async def write(self, events: Sequence[Event]) -> None:
        """Keep these events; a repetition, or an older statement, changes nothing."""
        for event in events:
            if isinstance(event, CommitObserved):
                seen = self._observed.get((event.repo, event.sha))
                if seen is None or seen.version < event.version:
                    self._observed[event.repo, event.sha] = event
            elif isinstance(event, CommitAnalyzed):
                self._analyses.setdefault((event.repo, event.sha), {})[event.round] = event
            elif isinstance(event, CommitScored):
                kept = self._scored.get((event.repo, event.sha, event.profile))
                if kept is None or kept.round <= event.round:
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

    async def complete(
        self, keys: Collection[CommitKey], profile: str, language: Language | None
    ) -> dict[CommitKey, int]:
        answered = (key for key in keys if key in self._observed and self._is_answered(key, profile, language))
        return {key: sum(self._analyses[key]) + self._scored[*key, profile].round for key in answered}

    def _is_answered(self, key: CommitKey, profile: str, language: Language | None) -> bool:
        observed, scored = self._observed[key], self._scored.get((*key, profile))
        known = observed.version * ROUNDS
        analyses = [one for one in self._analyses.get(key, {}).values() if one.round >= known]
        if not analyses or scored is None or scored.round < known:
            return False
        if language is None:
            return True
        return scored.final and (observed.is_merge or any(_is_answer(one, language) for one in analyses))

    async def commits(self, keys: Collection[CommitKey], profile: str, language: Language) -> Sequence[CommitRow]:
        return [
            Known(self._observed[key], self._best(key, language), self._scored.get((*key, profile)), debt)
            for key in sorted(keys)
            if key in self._observed
            for debt in [self._debt(key, language)]
        ]

    def _best(self, key: CommitKey, language: Language) -> CommitAnalyzed | None:
        readable = [one for one in self._analyses.get(key, {}).values() if one.language in (ANY_LANGUAGE, language)]
        return max(readable, key=_goodness, default=None)

    def _debt(self, key: CommitKey, language: Language) -> CommitAnalyzed | None:
        by_model = [one for one in self._analyses.get(key, {}).values() if one.language == language]
        last = max(by_model, key=lambda one: one.round, default=None)
        return last if last is not None and last.status != "done" else None

    async def latest_reports(self, name: str, days: Collection[date]) -> dict[date, ReportPublished]:
        found = {day: self._reports.get((name, day), {}) for day in days}
        return {day: revisions[max(revisions)] for day, revisions in found.items() if revisions}

    async def save_reports(self, reports: Sequence[ReportPublished], knowledge: Mapping[date, int]) -> set[date]:
        for report in reports:
            revisions = self._reports.setdefault((report.definition.name, report.day), {})
            key = (report.definition.name, report.day, report.revision)
            if knowledge[report.day] >= self._knowledge.get(key, 0):
                self._knowledge[key] = knowledge[report.day]
                revisions[report.revision] = report
        return {report.day for report in reports if await self._is_last(report)}

    async def _is_last(self, report: ReportPublished) -> bool:
        last = (await self.latest_reports(report.definition.name, [report.day]))[report.day]
        return (last.revision, last.digest) == (report.revision, report.digest)

    async def published(self, name: str, days: Collection[date]) -> dict[date, int]:
        return {day: self._published[name, day] for day in days if (name, day) in self._published}

    async def mark_published(self, reports: Sequence[ReportPublished]) -> None:
        """These revisions are on the topic."""
        for report in reports:
            key = (report.definition.name, report.day)
            self._published[key] = max(report.revision, self._published.get(key, 0))


def _is_answer(analyzed: CommitAnalyzed, language: Language) -> bool:
    """What a model said, or why it could not be asked."""
    return analyzed.language == language or analyzed.status == "failed"


def _goodness(analyzed: CommitAnalyzed) -> tuple[bool, int, int, int]:
    return (
        analyzed.status == "done",
        analyzed.round // ROUNDS,
        DEPTHS.index(analyzed.depth),
        analyzed.round,
    )
