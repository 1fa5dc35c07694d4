"""`commitwire.analyses` and `commitwire.requests`: what a commit does and risks, and who wants to know."""

from __future__ import annotations

from dataclasses import field, fields
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime

from schemas.definition import Language
from schemas.model import Event, Frozen, value
from schemas.phrase import Phrase
from schemas.sha import Sha

ANY_LANGUAGE = "any"  # an analysis made of phrases, which every catalogue words
ROUNDS = 1_000_000  # rounds between those of one detail of a commit and those of the next

Depth = Literal["static", "brief", "standard", "deep"]
DEPTHS: tuple[Depth, ...] = ("static", "brief", "standard", "deep")


class ChangeType(StrEnum):
    FEATURE = "feature"
    FIX = "fix"
    PERFORMANCE = "performance"
    SECURITY = "security"
    REFACTOR = "refactor"
    TEST = "test"
    DOCS = "docs"
    CI = "ci"
    BUILD = "build"
    DEPENDENCY = "dependency"
    STYLE = "style"
    CHORE = "chore"
    RELEASE = "release"
    REVERT = "revert"
    MERGE = "merge"
    OTHER = "other"


class FileKind(StrEnum):
    SOURCE = "source"
    TEST = "test"
    DOCS = "docs"
    CONFIG = "config"
    BUILD = "build"
    DEPENDENCY = "dependency"
    WORKFLOW = "workflow"
    GENERATED = "generated"
    ASSET = "asset"
    OTHER = "other"


@value
class Area:
    """A part of the tree, its first one or two directories ("." for the root), and what changed in it."""

    name: str
    files: int
    additions: int
    deletions: int


@value
class Facts:
    """What can be read off a commit, each with its evidence. File facts are None or empty when files are unknown."""

    change_types: tuple[ChangeType, ...]
    type_evidence: Literal["title", "paths", "parents", "nothing"]
    title_scope: str | None = None
    breaking: Literal["title", "body"] | None = None
    files: int | None = None
    additions: int | None = None
    deletions: int | None = None
    source_lines: int = 0  # changed lines of files of kind source
    kinds: dict[FileKind, int] = field(default_factory=dict)  # files per kind
    main_kind: FileKind | None = None  # the kind with most changed lines
    languages: tuple[str, ...] = ()  # by changed lines, most first
    areas: tuple[Area, ...] = ()  # by changed lines, most first
    tests_touched: bool | None = None
    dependency_paths: tuple[str, ...] = ()
    build_paths: tuple[str, ...] = ()
    workflow_paths: tuple[str, ...] = ()
    security_paths: tuple[str, ...] = ()
    migration_paths: tuple[str, ...] = ()
    api_paths: tuple[str, ...] = ()
    binary_files: int = 0
    submodule_paths: tuple[str, ...] = ()
    pull_requests: tuple[int, ...] = ()
    reverts: str | None = None  # sha, or the beginning of one, as the message names it
    is_merge: bool = False


@value
class Insights:
    """What the change means, dimension by dimension; an empty one is shown as "nothing found"."""

    architecture: tuple[Phrase, ...] = ()
    performance: tuple[Phrase, ...] = ()
    security: tuple[Phrase, ...] = ()
    maintainability: tuple[Phrase, ...] = ()
    compatibility: tuple[Phrase, ...] = ()
    tests: tuple[Phrase, ...] = ()


DIMENSIONS = tuple(one.name for one in fields(Insights))


@value
class Analysis:
    change_types: tuple[ChangeType, ...]
    summary: tuple[Phrase, ...]  # sentences; the first one alone is the one-sentence summary
    scope: tuple[Phrase, ...]
    insights: Insights = Insights()
    risks: tuple[Phrase, ...] = ()
    suggestions: tuple[Phrase, ...] = ()


class Importance(Frozen):
    """How much a model thinks a commit matters, and why: a second opinion beside the rubric."""

    tier: Literal["high", "medium", "low"]
    reason: str


class Call(Frozen):
    """One question to a model, with all its repetitions on the wire. `cost` is in millionths of the price's currency.

    `outcome`: good, or what was wrong with the answer (cut, empty, refused, filtered, invalid, wrong_language), or why
    there was none (too_long, transient, permanent). `error` is the last error's message, without keys.
    """

    id: str  # 32 hex digits, made up when the question is asked
    purpose: Literal["analysis", "part", "merging", "opening"]
    endpoint: str
    model: str
    asked_at: AwareDatetime
    seconds: float  # of all attempts, without the waits between them
    waited: float  # seconds between attempts, and for the rate limit
    attempts: int
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: int = 0
    outcome: Literal[
        "good",
        "cut",
        "empty",
        "refused",
        "filtered",
        "invalid",
        "wrong_language",
        "too_long",
        "transient",
        "permanent",
    ]
    error: str = ""


class Effort(Frozen):
    """What a model's analysis took. `answer` is the key under which the answer can be used again."""

    endpoint: str = ""
    model: str = ""
    prompt: str = ""  # version: a hash of the prompt's content
    answer: str = ""
    cached: bool = False
    calls: tuple[Call, ...] = ()
    pieces: int = 1  # parts in which the diff was analyzed
    left_out: tuple[str, ...] = ()  # paths whose changes the model did not see, the most relevant ones first
    left_out_total: int = 0
    masked: int = 0  # secrets masked before anything left
    dropped: int = 0  # statements of the model that the facts do not bear out


class CommitAnalyzed(Event):
    """By whom a commit was analyzed, in which round, and what came of it.

    `round` begins at ROUNDS times the version of the commit that was analyzed (CommitObserved.version), so that an
    analysis of less is told from one of more, and rises with each further one. `status`: done, owed (could not be made
    yet; `reason` says why), forgiven (a debt nobody waits for any longer) or failed (hopeless: dead-lettered;
    `reason`). An owed or forgiven one holds the static analysis. `wanted` is the depth asked for; when `depth` is less,
    `reason` says why.
    """

    repo: str
    sha: Sha
    committed_at: AwareDatetime
    analyzer: str  # such as "static/1"
    language: str = ANY_LANGUAGE
    round: int = 1
    depth: Depth = "static"
    wanted: Depth = "static"
    status: Literal["done", "owed", "forgiven", "failed"] = "done"
    reason: str | None = None
    facts: Facts
    analysis: Analysis
    importance: Importance | None = None
    effort: Effort | None = None

    @property
    def key(self) -> str:
        return f"{self.repo}@{self.sha}"

    @property
    def about(self) -> tuple[str | int, ...]:
        return (self.repo, self.sha, self.analyzer, self.language, self.round, self.status)


class AnalysisRequested(Event):
    """Somebody wants a commit analyzed by a model, or analyzed again. `round` is that of the analysis to be made."""

    repo: str
    sha: Sha
    committed_at: AwareDatetime
    language: Language
    depth: Depth
    reason: Literal["first", "deeper", "owed", "replay"]
    round: int

    @property
    def key(self) -> str:
        return f"{self.repo}@{self.sha}"

    @property
    def about(self) -> tuple[str | int, ...]:
        return (self.repo, self.sha, self.language, self.depth, self.reason, self.round)
