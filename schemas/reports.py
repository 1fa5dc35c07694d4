"""`commitwire.reports` and `commitwire.deliveries`: a day was closed, and where its report went.

ReportPublished holds everything a renderer needs: every file, page or message is made from it and nothing else.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from schemas.analyses import Analysis, Depth, Effort
from schemas.commits import Person
from schemas.definition import Definition, Language
from schemas.model import Event, Frozen, value
from schemas.scores import Part, Tier

INLINE_LIMIT = 512 * 1024  # bytes: a larger report travels as a summary with a reference


class Stats(Frozen):
    commits: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0


@value
class ReportedCommit:
    """A commit as a report shows it. `status` is that of its analysis; counts are None when the source gave none."""

    repo: str
    sha: str
    committed_at: AwareDatetime
    author: str
    co_authors: tuple[Person, ...] = ()
    title: str
    body: tuple[str, ...] = ()
    is_merge: bool = False
    files: int | None = None
    additions: int | None = None
    deletions: int | None = None
    tier: Tier
    points: int
    parts: tuple[Part, ...] = ()
    analyzer: str
    status: Literal["done", "owed", "forgiven", "failed"]
    reason: str | None = None
    analysis: Analysis
    depth: Depth = "static"
    effort: Effort | None = None
    ruled: Tier | None = None
    opinion: Tier | None = None
    reverts: str | None = None  # full sha of a commit in this report
    reverted_by: str | None = None  # full sha of a commit in this report


class RepoSection(Frozen):
    """One source's day. `reason` is set when it could not be collected; `missing` are sealed shas without an answer."""

    repo: str
    branch: str
    reason: str | None = None
    stats: Stats = Stats()
    commits: tuple[ReportedCommit, ...] = ()  # newest first
    missing: tuple[str, ...] = ()


@value
class LateCommit:
    """A commit of an earlier day that arrived on this one; its own day's report holds it."""

    repo: str
    sha: str
    day: date
    committed_at: AwareDatetime
    author: str
    title: str
    tier: Tier


class Coverage(Frozen):
    """What the report can vouch for. `by_analyzer` counts done analyses; `unknown_size` commits came without files.

    `shallower` analyses are less deep than wanted, for the reasons in `why_owed`, which counts the reasons of debts,
    too.
    """

    commits: int = 0
    repos: int = 0
    by_analyzer: dict[str, int] = {}
    owed: int = 0
    why_owed: dict[str, int] = {}
    forgiven: int = 0
    shallower: int = 0
    failed: int = 0
    missing: int = 0
    unknown_size: int = 0
    not_collected: int = 0


class Retiered(Frozen):
    repo: str
    sha: str
    title: str
    before: Tier
    after: Tier


class Changed(Frozen):
    """A commit named in the changes of a revision."""

    repo: str
    sha: str
    title: str


class Changes(Frozen):
    """What this revision changed against the one before it."""

    added: tuple[Changed, ...] = ()
    removed: tuple[Changed, ...] = ()
    retiered: tuple[Retiered, ...] = ()
    reanalyzed: tuple[Changed, ...] = ()
    late_added: int = 0
    completed: bool = False  # the day was not over before, and is now
    collected: tuple[str, ...] = ()  # repos that could not be collected before
    lost: tuple[str, ...] = ()  # repos that could be collected before
    redefined: bool = False


class Opening(Frozen):
    """The day in a few sentences, by a model."""

    text: str
    effort: Effort


class ReportPublished(Event):
    """One definition for one day, revision n of it.

    `start` and `end` bound the day in UTC; `complete` is false while it is not over, and then `as_of` says up to when
    it was collected. `digest` is a hash of the content. `reference` is set, and `sections` carry no commits, when the
    whole event is in the store because it is larger than INLINE_LIMIT.
    """

    definition: Definition
    day: date
    revision: int
    start: AwareDatetime
    end: AwareDatetime
    complete: bool
    as_of: AwareDatetime
    coverage: Coverage
    opening: Opening | None = None
    sections: tuple[RepoSection, ...]
    late: tuple[LateCommit, ...] = ()
    late_total: int = 0
    changes: Changes | None = None
    digest: str
    reference: str | None = None
    published_at: AwareDatetime

    @property
    def key(self) -> str:
        return f"{self.definition.name}/{self.day.isoformat()}"

    @property
    def about(self) -> tuple[str | int, ...]:
        return (self.definition.name, self.day.isoformat(), self.revision, self.digest)


class ReportDelivered(Event):
    """A revision reached a target: the path of a file."""

    definition: str
    day: date
    revision: int
    target: str
    language: Language
    digest: str

    @property
    def key(self) -> str:
        return f"{self.definition}/{self.day.isoformat()}/{self.target}"

    @property
    def about(self) -> tuple[str | int, ...]:
        return (self.definition, self.day.isoformat(), self.target, self.revision, self.digest)
