"""What is known of one report's day, and where the aggregator reads and keeps it.

The two ports are implemented by the store.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from schemas.analyses import CommitAnalyzed
from schemas.commits import CommitObserved
from schemas.definition import Definition, Language, Source
from schemas.reports import ReportPublished
from schemas.scores import CommitScored
from schemas.seals import DaySealed

CommitKey = tuple[str, str]  # repo, sha


class CommitRow(Protocol):
    """Everything the store knows of a commit; an answer that is not there yet is None.

    `analyzed` is the best analysis in any language or in the one asked for: done before not, then what was made of more
    of the commit, then the deepest, then the one of the highest round. `debt` is what a model last said of the commit
    in that language, where it is not done: owed, forgiven or failed.
    """

    @property
    def observed(self) -> CommitObserved: ...

    @property
    def analyzed(self) -> CommitAnalyzed | None: ...

    @property
    def debt(self) -> CommitAnalyzed | None: ...

    @property
    def scored(self) -> CommitScored | None: ...


class Memory(Protocol):
    """What sources, analyzers and scorers have said, as far as it is durable."""

    async def seals(self, sources: Iterable[Source], zone: str, days: Iterable[date] | None) -> list[DaySealed]:
        """The latest seal of each (repo, branch, day)."""
        ...

    async def complete(
        self, keys: Collection[CommitKey], profile: str, language: Language | None
    ) -> Mapping[CommitKey, int]:
        """Those of `keys` that are observed, and analyzed and scored with all that is known of them.

        Each with a number that rises with every further word of an analyzer or a scorer.

        With a language, the score is final, and a model has answered in it or a debt is recorded; merges are exempt,
        and so is what could not be analyzed at all.
        """
        ...

    async def commits(self, keys: Collection[CommitKey], profile: str, language: Language) -> Sequence[CommitRow]:
        """What is known of each of `keys` that was observed, without patches."""
        ...


class Archive(Protocol):
    """The reports, every revision of them."""

    async def latest_reports(self, name: str, days: Collection[date]) -> dict[date, ReportPublished]:
        """The whole event of the highest revision of each day that has one."""
        ...

    async def save_reports(self, reports: Sequence[ReportPublished], knowledge: Mapping[date, int]) -> set[date]:
        """Keep these revisions of one definition, durable on return; the same ones again change nothing.

        Returns the days whose last revision is the one given. It is not where somebody else, who took this process for
        dead, has made one since: of the same number, that which knew more stays. `knowledge` (Window.knowledge) is what
        each day's knows.
        """
        ...

    async def published(self, name: str, days: Collection[date]) -> dict[date, int]:
        """The highest revision of each day that is known to be on the topic."""
        ...


@dataclass(frozen=True)
class Window:
    """One definition's day: the latest seal of each of its sources that has one."""

    definition: Definition
    day: date
    seals: Mapping[Source, DaySealed]

    @property
    def key(self) -> tuple[str, date]:
        return self.definition.name, self.day

    @property
    def is_sealed(self) -> bool:
        return all(source in self.seals for source in self.definition.sources)

    @property
    def is_over(self) -> bool:
        return all(seal.complete for seal in self.seals.values())

    def knowledge(self, said: int | None) -> int:
        """A number that rises with the statements of the sources and, among equal ones, with what was said of commits.

        `said` is the sum that Memory.complete gives of its commits; None: it is not all said.
        """
        return sum(self.numbers.values()) << 32 | (said or 0)

    @property
    def keys(self) -> set[CommitKey]:
        """Every commit the report shows: the day's own and the late ones that arrived on it."""
        own = {(seal.repo, sha) for seal in self.seals.values() for sha in seal.shas}
        return own | {(seal.repo, late.sha) for seal in self.seals.values() for late in seal.late}

    @property
    def numbers(self) -> dict[Source, int]:
        return {source: seal.number for source, seal in self.seals.items()}
