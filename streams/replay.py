"""Past days run again: with another prompt, model or rubric, and what that changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from agents.llm.settings import EndpointSettings
from agents.scorers.depth import depth_for
from agents.scorers.judging import STEP
from reports.deliveries.files import ReportFiles
from schemas.analyses import DEPTHS, AnalysisRequested, CommitAnalyzed
from schemas.day import day_of
from schemas.definition import Definition, Language
from schemas.errors import Misuse
from schemas.scores import Tier
from schemas.windows import WindowTouched
from streams import doorway
from streams.clock import Clock
from streams.config import Settings
from streams.deliverer import Deliverer
from streams.store.commits import CommitRow
from streams.store.store import Store
from streams.working import Working

MOST_DAYS = 3_660  # ten years


@dataclass(frozen=True)
class Difference:
    """A commit that the replay changed: its tier, or the text of its analysis."""

    repo: str
    sha: str
    title: str
    before: Tier
    after: Tier
    text: bool


@dataclass(frozen=True)
class Replayed:
    """What a replay did; `unanswered` counts the commits about which the model gave no new answer."""

    differences: list[Difference]
    unanswered: int


@dataclass(frozen=True)
class Replay:
    """Runs the days of a report again. Without `endpoints` only the scores are made anew.

    `otherwise` says that its rubric, model or prompts are not those of the configuration.
    """

    store: Store
    settings: Settings
    clock: Clock
    files: ReportFiles
    endpoints: Sequence[EndpointSettings]
    otherwise: bool = False

    async def go(self, name: str, days: Sequence[date]) -> Replayed:
        """What changed. The reports of these days get new revisions where they say something else."""
        definition = await self.store.definition(name)
        if definition is None:
            raise Misuse(f"there is no report {name!r} to run again; `commitwire report --name {name}` makes one")
        self._check(days, definition.zone)
        before = await self._rows(definition, days)
        deliverer = Deliverer(self.files, self.store, shared=not doorway.is_owned(self.settings))
        working = Working(self.store, self.settings, self.clock, deliverer, self.endpoints)
        async with working.flow() as (flow, _):
            if self.otherwise and flow.left & {"scorers", "models"}:
                raise Misuse(
                    "workers analyze and score here, as they are configured: stop them, or give them the --rubric,"
                    " --model or --prompt that days are to be run again with"
                )
            again = [_asked(row, definition.language) if self.endpoints else _said(row) for row in before]
            said = [event for event in again if event is not None]
            await flow.send(said, source="replay")
            await flow.finished()
            # also what was held back because something is owed
            touches = [WindowTouched(definition=name, day=day, cause="debt") for day in days]
            await flow.send(touches, source="replay")
            await flow.finished()
            await working.deliver_behind(flow, name)
        after = await self._rows(definition, days)
        return Replayed(list(_differences(before, after)), _unanswered(said, after))

    def _check(self, days: Sequence[date], zone: str) -> None:
        """Raises Misuse for a day that has not begun, and for more days than can be run at once."""
        today = day_of(self.clock.now(), zone)
        if days[-1] > today:
            raise Misuse(f"--until: {days[-1]} has not begun in {zone}; today is {today} there")
        if len(days) > MOST_DAYS:
            raise Misuse(f"--since {days[0]} is {len(days):,} days back; run at most {MOST_DAYS:,} days at once")

    async def _rows(self, definition: Definition, days: Sequence[date]) -> list[CommitRow]:
        seals = await self.store.seals(definition.sources, definition.zone, days)
        keys = {(seal.repo, sha) for seal in seals for sha in seal.shas}
        return await self.store.commits(keys, definition.profile, definition.language)


def _asked(row: CommitRow, language: Language) -> AnalysisRequested | None:
    """The request for an analysis as deep as the last one, and as the commit's tier deserves; merges need none."""
    if row.scored is None or row.analyzed is None or row.observed.is_merge:
        return None
    depth = max(depth_for(row.scored.tier), row.analyzed.wanted, key=DEPTHS.index)
    return AnalysisRequested(
        repo=row.observed.repo,
        sha=row.observed.sha,
        committed_at=row.observed.committed_at,
        language=language,
        depth=depth,
        reason="replay",
        round=_next(row),
    )


def _said(row: CommitRow) -> CommitAnalyzed | None:
    """The analysis that stands, said again: the scorer weighs it with its present rubric."""
    return row.analyzed.model_copy(update={"round": _next(row)}) if row.analyzed else None


def _next(row: CommitRow) -> int:
    """A round after all that was said of the commit."""
    said = [event.round for event in (row.analyzed, row.debt, row.scored) if event is not None]
    return max(said) + STEP


def _differences(before: Sequence[CommitRow], after: Sequence[CommitRow]) -> Iterator[Difference]:
    known = {row.observed.key: row for row in before}
    for row in after:
        old = known[row.observed.key]
        tiers = _tier(old), _tier(row)
        text = old.analyzed is not None and row.analyzed is not None and old.analyzed.analysis != row.analyzed.analysis
        if text or tiers[0] != tiers[1]:
            yield Difference(row.observed.repo, row.observed.sha, row.observed.title, *tiers, text)


def _unanswered(said: Sequence[AnalysisRequested | CommitAnalyzed], after: Sequence[CommitRow]) -> int:
    asked = {event.key: event.round for event in said if isinstance(event, AnalysisRequested)}
    made = {row.observed.key: row.analyzed for row in after}
    answers = ((made.get(key), round_) for key, round_ in asked.items())
    return sum(one is None or one.round < round_ or one.depth != one.wanted for one, round_ in answers)


def _tier(row: CommitRow) -> Tier:
    return row.scored.tier if row.scored else "low"
