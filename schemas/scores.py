"""`commitwire.scores`: how much a commit matters, with visible parts."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from schemas.analyses import ANY_LANGUAGE
from schemas.model import Event, value
from schemas.phrase import Phrase
from schemas.sha import Sha

Tier = Literal["high", "medium", "low"]
TIERS: tuple[Tier, ...] = ("high", "medium", "low")


@value
class Part:
    """Points that one rule of the rubric gave, and for what."""

    name: str
    points: int
    evidence: Phrase


class CommitScored(Event):
    """The sum of its parts' points, and the tier that the rubric's thresholds make of it.

    `language` is that of the analysis it is made of; `final` is false while a model's analysis in it, or a deeper one,
    is awaited. `opinion` is the tier a model thinks right, `ruled` the tier without that opinion; where the two differ
    they disagree.
    """

    repo: str
    sha: Sha
    committed_at: AwareDatetime
    profile: str
    rubric: str  # version: a hash of the rubric's content
    language: str = ANY_LANGUAGE
    round: int = 1
    points: int
    parts: tuple[Part, ...]
    tier: Tier
    ruled: Tier | None = None
    opinion: Tier | None = None
    final: bool = True

    @property
    def key(self) -> str:
        return f"{self.repo}@{self.sha}"

    @property
    def about(self) -> tuple[str | int, ...]:
        return (self.repo, self.sha, self.profile, self.rubric, self.round)
