"""The whole flow, topic by topic: what each stage reads, what it does, what it says.

    sources ─► commits ─► analyzers ─► analyses ─► scorers ─► scores
                  │                     │     ▲        │        │
                  │                     │  models ◄─ requests   │
                  └───────────┬─────────┴────────────┬──────────┘
                seals ──────► store ─► windows ─► aggregator ─► reports ─► deliveries ─► files

An event is acknowledged when everything a stage said of it is durable. What a stage cannot handle becomes a dead
letter, and its commit goes on as "could not be analyzed".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.analyzers import static
from agents.scorers.judging import judge
from agents.scorers.rubric import Rubric
from reports.aggregator import Aggregator
from reports.inline import inline
from schemas.analyses import CommitAnalyzed
from schemas.commits import CommitObserved
from schemas.definition import Definition, Language
from schemas.model import Event
from schemas.reports import ReportPublished
from schemas.scores import CommitScored
from schemas.topics import ANALYSES, COMMITS, DELIVERIES, REPORTS, REQUESTS, SCORES, SEALS, WINDOWS
from schemas.windows import WindowTouched
from streams.definitions import Definitions
from streams.deliverer import Deliverer
from streams.stage import Stage
from streams.store.store import Store
from streams.touches import touches

if TYPE_CHECKING:
    from streams.models import Models


@dataclass(frozen=True)
class Pipeline:
    """The stages over one store. `definitions` are those whose windows this process owns.

    Without `models` nobody reads the requests, and nobody makes any. `languages` are those in which models are asked;
    None: in those of the reports that show a commit's repository.
    """

    store: Store
    rubric: Rubric
    definitions: Definitions
    aggregator: Aggregator
    deliverer: Deliverer
    models: Models | None = None
    languages: tuple[Language, ...] | None = ()

    def stages(self) -> tuple[Stage, ...]:
        if self.models is None:
            return self._stages()
        asking = Stage("models", reads=(REQUESTS,), handle=self.models.analyze, slots=self.models.slots)
        return (*self._stages(), asking)

    def _stages(self) -> tuple[Stage, ...]:
        kept = (COMMITS, ANALYSES, SCORES, SEALS, DELIVERIES)
        return (
            Stage("analyzers", reads=(COMMITS,), handle=self.analyze, rescue=unanalyzed),
            Stage("scorers", reads=(ANALYSES,), handle=self.score, rescue=self.rescue),
            # inserting a row costs as much as inserting hundreds, looking at a window once as much as for many touches
            Stage("store", reads=kept, handle=self.keep, batch=1500, linger=1.0),
            Stage("windows", reads=(WINDOWS,), handle=self.close, batch=100, linger=1.0),
            Stage("deliveries", reads=(REPORTS,), handle=self.deliver, batch=20),
        )

    async def analyze(self, events: Sequence[Event]) -> Sequence[Event]:
        return [static.analyze(commit) for commit in events if isinstance(commit, CommitObserved)]

    async def score(self, events: Sequence[Event]) -> Sequence[Event]:
        """The scores; and, where models are used, whom to ask about the commits, and how deeply."""
        if self.languages is None:
            await self.definitions.keep_up()
        return [said for event in events if isinstance(event, CommitAnalyzed) for said in self._judged(event)]

    def _judged(self, analyzed: CommitAnalyzed) -> list[Event]:
        """What its profiles say of it; somebody may have bound a report to a profile that only their rubric has."""
        profiles = self._profiles(analyzed.repo)
        ours = [profile for profile in profiles if profile in self.rubric.profiles]
        said = judge(analyzed, self.rubric, ours, self._languages(analyzed.repo) if ours else ())
        return [*said, *(unscored(analyzed, profile) for profile in profiles if profile not in ours)]

    def rescue(self, event: Event, error: Exception) -> Sequence[Event]:
        """An analysis that cannot be scored still lets its day close."""
        if not isinstance(event, CommitAnalyzed):
            return []
        return [unscored(event, profile) for profile in self._profiles(event.repo)]

    def _profiles(self, repo: str) -> tuple[str, ...]:
        return tuple(sorted({one.profile for one in self._showing(repo)})) or ("default",)

    def _languages(self, repo: str) -> tuple[Language, ...]:
        if self.models is None or self.languages is not None:
            return self.languages or ()
        return tuple(sorted({one.language for one in self._showing(repo)}))

    def _showing(self, repo: str) -> list[Definition]:
        """The definitions of the reports that show this repository."""
        return [definition for definition in self.definitions.values() if repo in definition.repos]

    async def keep(self, events: Sequence[Event]) -> Sequence[Event]:
        """Store a batch; once it is durable, the windows that depend on it are worth a look."""
        await self.store.write(events)
        await self.definitions.know(events)
        return touches(events, self.definitions.values())

    async def close(self, events: Sequence[Event]) -> Sequence[Event]:
        touched = [event for event in events if isinstance(event, WindowTouched)]
        if self.languages is None:
            await self.definitions.keep_up()
        await self.definitions.know(touched)
        said = await self.aggregator.look(touched)
        return [inline(event) if isinstance(event, ReportPublished) else event for event in said]

    async def deliver(self, events: Sequence[Event]) -> Sequence[Event]:
        """Note that the reports are on the topic, and make the files of those that this process delivers."""
        reports = [event for event in events if isinstance(event, ReportPublished)]
        await self.store.mark_published(reports)
        return [told for report in reports for told in await self.deliverer.deliver(report)]


def unanalyzed(event: Event, error: Exception) -> Sequence[Event]:
    """A commit that no analyzer can handle is still scored and shown, so that its day closes."""
    return [static.failed(event, str(error) or type(error).__name__)] if isinstance(event, CommitObserved) else []


def unscored(analyzed: CommitAnalyzed, profile: str) -> CommitScored:
    """The score of a commit that could not be weighed: low, without points."""
    return CommitScored(
        repo=analyzed.repo,
        sha=analyzed.sha,
        committed_at=analyzed.committed_at,
        profile=profile,
        rubric="none",
        language=analyzed.language,
        round=analyzed.round,
        points=0,
        parts=(),
        tier="low",
    )
