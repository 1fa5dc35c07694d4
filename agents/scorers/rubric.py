"""The rubric: points for visible parts, and tiers as thresholds on their sum. Its numbers are data, see rubric.toml."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from schemas.analyses import ChangeType, CommitAnalyzed, Facts, FileKind, Importance
from schemas.complaint import complaints
from schemas.errors import Misuse
from schemas.model import Frozen
from schemas.phrase import Code, Phrase
from schemas.scores import TIERS, CommitScored, Part, Tier

_RULES = "rubric/2"  # rises when the same numbers would give other points
_SHIPPED = "rubric.toml"
# A type that says where a change is narrows one that says what it is: `[Bugfix][CI]` matters as much as CI does.
_NARROWING = frozenset(
    {
        ChangeType.TEST,
        ChangeType.DOCS,
        ChangeType.CI,
        ChangeType.BUILD,
        ChangeType.DEPENDENCY,
        ChangeType.STYLE,
        ChangeType.CHORE,
    }
)


def _numbered(steps: object) -> object:
    # keys of TOML tables are strings
    if not isinstance(steps, Mapping):
        return steps
    return {int(key) if isinstance(key, str) and key.isdecimal() else key: points for key, points in steps.items()}


_Points = Annotated[int, Field(ge=-100, le=100)]
_Steps = Annotated[dict[Annotated[int, Field(ge=0)], _Points], BeforeValidator(_numbered)]


class Signs(Frozen):
    """Points for what a commit declares (`breaking`) or touches."""

    breaking: _Points = 0
    security: _Points = 0
    dependencies: _Points = 0
    migrations: _Points = 0
    api: _Points = 0


class Opinion(Frozen):
    """Points for a commit that a model thinks higher, or lower, than the rules do."""

    higher: Annotated[int, Field(ge=0)] = 0
    lower: Annotated[int, Field(le=0)] = 0


class Profile(Frozen):
    """One way to weigh commits. `lines` and `files` map a count to the points from that count on."""

    high: int
    medium: Annotated[int, Field(ge=1)]
    types: dict[ChangeType, _Points]
    signs: Signs = Signs()
    kinds: dict[FileKind, _Points] = Field(default_factory=dict)
    lines: _Steps = Field(default_factory=dict)
    files: _Steps = Field(default_factory=dict)
    opinion: Opinion = Opinion()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high <= self.medium:
            raise ValueError("high must be more than medium")
        return self

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        # Points up to the width of the tier medium take no commit over it, from low to high or back.
        width = self.high - self.medium
        if max(self.opinion.higher, -self.opinion.lower) > width:
            raise ValueError(
                f"opinion must be at most {width} point(s), high - medium, or it would move a commit by two tiers"
            )
        return self

    def tier(self, points: int) -> Tier:
        """The tier of a sum of points."""
        if points >= self.high:
            return "high"
        return "medium" if points >= self.medium else "low"


class Rubric(Frozen):
    """Named profiles. `version` is a hash of all numbers: the same numbers always have the same version."""

    profiles: Annotated[dict[str, Profile], Field(min_length=1)]

    @classmethod
    def shipped(cls) -> Rubric:
        """The rubric that comes with the program."""
        return cls.parse(files("agents.scorers").joinpath(_SHIPPED).read_text("utf-8"), _SHIPPED)

    @classmethod
    def load(cls, path: Path) -> Rubric:
        """The rubric of a file. Raises Misuse, naming file and key."""
        try:
            return cls.parse(path.read_text("utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise Misuse(f"the rubric {path} cannot be read: {error}") from error

    @classmethod
    def parse(cls, text: str, name: str) -> Rubric:
        """The rubric that a TOML text holds; `name` stands in the message of the Misuse that it may raise."""
        try:
            return cls.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise Misuse(f"the rubric {name} is not valid TOML: {error}") from error
        except ValidationError as error:
            raise Misuse(f"the rubric {name} is not valid: {_sentence(error)}") from error

    @cached_property
    def version(self) -> str:
        """12 hex digits."""
        return hashlib.blake2b(
            f"{_RULES}\n{_canonical(self.model_dump(mode='json'))}".encode(), digest_size=6
        ).hexdigest()

    def profile(self, name: str) -> Profile:
        """The profile of that name. Raises Misuse when there is none."""
        if name not in self.profiles:
            raise Misuse(f"the rubric has no profile {name!r}; it has {', '.join(sorted(self.profiles))}")
        return self.profiles[name]


def score(analyzed: CommitAnalyzed, rubric: Rubric, profile: str = "default", *, final: bool = True) -> CommitScored:
    """The points of a commit, part by part, with what a model thinks of it where that is known.

    Raises Misuse when the rubric has no such profile. `final` is false when a model's analysis is still to come.
    """
    weights = rubric.profile(profile)
    parts = tuple(_parts(analyzed, weights))
    ruled = weights.tier(sum(part.points for part in parts))
    second = None if analyzed.facts.is_merge else analyzed.importance  # merges are low whatever anybody thinks
    if second is not None:
        parts = (*parts, _opinion(second, ruled, weights.opinion))
    points = sum(part.points for part in parts)
    return CommitScored(
        repo=analyzed.repo,
        sha=analyzed.sha,
        committed_at=analyzed.committed_at,
        profile=profile,
        rubric=rubric.version,
        language=analyzed.language,
        round=analyzed.round,
        points=points,
        parts=parts,
        tier=weights.tier(points),
        ruled=ruled,
        opinion=second.tier if second else None,
        final=final,
    )


def _parts(analyzed: CommitAnalyzed, weights: Profile) -> Iterator[Part]:
    facts = analyzed.facts
    if analyzed.status == "failed":
        yield _part("failed", 0, Code.PART_FAILED)
    if facts.is_merge:
        yield _part("merge", 0, Code.PART_MERGE)
        return
    kind = _weightiest(facts, weights)
    yield _part("type", weights.types.get(kind, 0), Code.PART_TYPE, type=kind.value)
    yield from (part for part in _signs(facts, weights.signs) if part.points)
    if facts.files is None:
        yield _part("unknown_size", 0, Code.PART_UNKNOWN_SIZE)
    else:
        yield from (part for part in _size(facts, facts.files, weights) if part.points)


def _weightiest(facts: Facts, weights: Profile) -> ChangeType:
    """The type that counts: the lowest of those that narrow the change down, else the highest."""

    def points(kind: ChangeType) -> int:
        return weights.types.get(kind, 0)

    narrowing = [kind for kind in facts.change_types if kind in _NARROWING]
    return min(narrowing, key=points) if narrowing else max(facts.change_types, key=points, default=ChangeType.OTHER)


def _signs(facts: Facts, signs: Signs) -> Iterator[Part]:
    if facts.breaking:
        yield _part("breaking", signs.breaking, Code.PART_BREAKING)
    for name, points, code, paths in (
        ("security", signs.security, Code.PART_SECURITY, facts.security_paths),
        ("dependencies", signs.dependencies, Code.PART_DEPENDENCIES, facts.dependency_paths),
        ("migrations", signs.migrations, Code.PART_MIGRATIONS, facts.migration_paths),
        ("api", signs.api, Code.PART_API, facts.api_paths),
    ):
        if paths:
            yield _part(name, points, code, paths=paths[:_LISTED])


def _opinion(second: Importance, ruled: Tier, weights: Opinion) -> Part:
    above = TIERS.index(ruled) - TIERS.index(second.tier)
    points = weights.higher if above > 0 else weights.lower if above < 0 else 0
    return _part("opinion", points, Code.PART_OPINION, tier=second.tier, reason=second.reason)


_LISTED = 8  # paths that a part names at most


def _size(facts: Facts, count: int, weights: Profile) -> Iterator[Part]:
    yield _part("lines", _reached(weights.lines, facts.source_lines), Code.PART_LINES, lines=facts.source_lines)
    yield _part("files", _reached(weights.files, count), Code.PART_FILES, files=count)
    if facts.main_kind:
        yield _part("kind", weights.kinds.get(facts.main_kind, 0), Code.PART_KIND, kind=facts.main_kind.value)


def _reached(steps: Mapping[int, int], count: int) -> int:
    """The points of the highest step that the count reaches."""
    reached = [step for step in steps if step <= count]
    return steps[max(reached)] if reached else 0


def _part(name: str, points: int, code: Code, **args: str | int | tuple[str, ...]) -> Part:
    return Part(name=name, points=points, evidence=Phrase(code=code, args=args))


def _canonical(value: Any) -> str:
    """The same text for the same numbers, in whatever order they were written."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_canonical(value[key])}" for key in sorted(value)) + "}"
    return repr(value)


def _sentence(error: ValidationError) -> str:
    return complaints(error)[0].at("profiles")
