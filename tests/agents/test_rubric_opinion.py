"""A model's opinion beside the rubric: visible, bounded, and followed by a deeper look where it lifts a commit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.analyzers.static import analyze
from agents.scorers.depth import deeper, depth_for, depth_of
from agents.scorers.rubric import Rubric, score
from schemas.analyses import DEPTHS, CommitAnalyzed, Depth, Importance
from schemas.commits import CommitObserved
from schemas.phrase import Code
from schemas.scores import TIERS, Tier
from tests.agents.commits import change, commit, titled
from tests.agents.test_static import observed

RUBRIC = Rubric.shipped()
WHY = "changes what every caller relies on"


def thought(seen: CommitObserved, tier: Tier) -> CommitAnalyzed:
    """A model's analysis of a commit that it thinks to be of a tier."""
    importance = Importance(tier=tier, reason=WHY)
    made = {"analyzer": "llm", "language": "en", "depth": "brief", "wanted": "brief", "importance": importance}
    return analyze(seen).model_copy(update=made)


@pytest.mark.parametrize(
    ("title", "ruled", "opinion", "tier"),
    [
        ("fix: x", "medium", "high", "high"),
        ("fix: x", "medium", "medium", "medium"),
        ("fix: x", "medium", "low", "low"),
        ("feat: x", "high", "medium", "medium"),
        ("feat: x", "high", "low", "medium"),
        ("feat!: x", "high", "low", "high"),
        ("something", "low", "high", "medium"),
        ("ci: x", "low", "high", "low"),
    ],
)
def test_an_opinion_decides_near_a_threshold(title: str, ruled: Tier, opinion: Tier, tier: Tier) -> None:
    result = score(thought(titled(title), opinion), RUBRIC)
    assert (result.ruled, result.opinion, result.tier) == (ruled, opinion, tier)
    said = result.parts[-1]
    assert (said.name, said.evidence.code) == ("opinion", Code.PART_OPINION)
    assert said.evidence.args == {"tier": opinion, "reason": WHY}


def test_without_an_opinion_the_rules_stand_alone() -> None:
    result = score(analyze(titled("fix: x")), RUBRIC, final=False)
    assert (result.ruled, result.opinion, result.tier, result.final) == ("medium", None, "medium", False)
    assert all(part.name != "opinion" for part in result.parts)


def test_merges_are_low_whatever_a_model_thinks() -> None:
    merge = commit("feat!: x", change("src/x.py", 900), parents=("1" * 40, "2" * 40))
    result = score(thought(merge, "high"), RUBRIC)
    assert (result.tier, result.opinion) == ("low", None)


@given(observed(), st.sampled_from(TIERS), st.integers(1, 20), st.integers(1, 9), st.data())
def test_no_opinion_moves_a_commit_by_two_tiers_or_past_itself(
    seen: CommitObserved, opinion: Tier, medium: int, width: int, data: st.DataObject
) -> None:
    points = {"higher": data.draw(st.integers(0, width)), "lower": -data.draw(st.integers(0, width))}
    profile = {**RUBRIC.profile("default").model_dump(), "medium": medium, "high": medium + width, "opinion": points}
    result = score(thought(seen, opinion), Rubric.model_validate({"profiles": {"default": profile}}))
    assert result.points == sum(part.points for part in result.parts)
    if result.opinion is not None:
        assert result.ruled is not None
        before, after, wanted = (TIERS.index(tier) for tier in (result.ruled, result.tier, result.opinion))
        assert abs(after - before) <= 1
        assert min(before, wanted) <= after <= max(before, wanted)


def test_depth_follows_the_highest_tier() -> None:
    assert [depth_for(tier) for tier in TIERS] == ["deep", "standard", "brief"]
    assert depth_of(["low", "high", "medium"]) == "deep"
    assert depth_of(["low", "low"]) == "brief"
    assert depth_of([]) == "static"


@pytest.mark.parametrize("wanted", DEPTHS[1:])
@pytest.mark.parametrize("tier", TIERS)
def test_a_lifted_commit_deserves_a_deeper_analysis(tier: Tier, wanted: Depth) -> None:
    analyzed = thought(titled("fix: x"), "high").model_copy(update={"wanted": wanted})
    scored = score(analyzed, RUBRIC).model_copy(update={"tier": tier})
    lifted = DEPTHS.index(depth_for(tier)) > DEPTHS.index(wanted)
    assert deeper(scored, analyzed) == (depth_for(tier) if lifted else None)


def test_only_what_a_model_made_is_made_deeper() -> None:
    static = analyze(titled("feat: x"))
    owed = thought(titled("feat: x"), "high").model_copy(update={"status": "owed", "depth": "static"})
    for analyzed in (static, owed):
        assert deeper(score(analyzed, RUBRIC), analyzed) is None
