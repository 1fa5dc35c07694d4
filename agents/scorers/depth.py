"""How deeply a commit is worth being analyzed by a model: its tier decides."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.analyses import DEPTHS, CommitAnalyzed, Depth
from schemas.scores import CommitScored, Tier

_DEPTH_OF: dict[Tier, Depth] = {"high": "deep", "medium": "standard", "low": "brief"}


def depth_for(tier: Tier) -> Depth:
    """The depth that a tier deserves."""
    return _DEPTH_OF[tier]


def depth_of(tiers: Iterable[Tier]) -> Depth:
    """The depth that the highest of the tiers deserves, for a commit that several profiles score; "static" for none."""
    return max(map(depth_for, tiers), key=DEPTHS.index, default="static")


def deeper(scored: CommitScored, analyzed: CommitAnalyzed) -> Depth | None:
    """The depth that the tier deserves, where a model's analysis was made that was not asked for as deeply."""
    if analyzed.status != "done" or analyzed.depth == "static":
        return None
    deserved = depth_for(scored.tier)
    return deserved if DEPTHS.index(deserved) > DEPTHS.index(analyzed.wanted) else None
