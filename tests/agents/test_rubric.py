"""The rubric: its numbers, its errors, and what holds for every score."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.analyzers.static import analyze, failed
from agents.scorers.rubric import Rubric, score
from schemas.commits import CommitObserved
from schemas.errors import Misuse
from schemas.phrase import Code
from schemas.scores import TIERS, CommitScored
from tests.agents.commits import change, commit, titled
from tests.agents.contract import check
from tests.agents.test_static import observed

RUBRIC = Rubric.shipped()
SMALLEST = "[profiles.default]\nhigh = 2\nmedium = 1\n[profiles.default.types]\nfix = 1\n"


def scored(observed_commit: CommitObserved) -> CommitScored:
    """Its score by the shipped rubric."""
    return score(analyze(observed_commit), RUBRIC)


def parts(result: CommitScored) -> dict[str, int]:
    """Points by the name of the part."""
    return {part.name: part.points for part in result.parts}


@pytest.mark.parametrize(
    ("title", "tier"),
    [
        ("feat: x", "high"),
        ("[Feature] x", "high"),
        ("x/y: add z", "high"),
        ("fix: x", "medium"),
        ("[BugFix][Frontend] x", "medium"),
        ("perf: x", "medium"),
        ('Revert "x"', "medium"),
        ("fix!: x", "high"),
        ("chore!: x", "medium"),
        ("[Bugfix] Fix SSRF in x", "high"),
        ("[CI][Bugfix] x", "low"),
        ("feat(docs): x", "low"),
        ("docs: x", "low"),
        ("Bump a from 1 to 2", "low"),
        ("something", "low"),
        ("Merge branch 'x'", "low"),
    ],
)
def test_titles_alone_differ(title: str, tier: str) -> None:
    result = scored(titled(title))
    assert result.tier == tier
    assert parts(result).get("unknown_size", 0) == 0


def test_size_moves_a_commit_up_and_down() -> None:
    tiers = [scored(commit("fix: x", change("src/x.py", lines))).tier for lines in (1, 10, 100)]
    assert tiers == ["low", "medium", "high"]
    assert scored(commit("reword", change("src/x.py", 400))).tier == "high"
    assert scored(commit("feat: x", change("uv.lock", 4000))).tier == "medium"


def test_parts_name_their_evidence() -> None:
    result = scored(
        commit("feat!: x", change("src/auth/login.py", 150), change("db/migrations/1.sql", 9), change("uv.lock", 5))
    )
    evidence = {part.name: (part.evidence.code, part.evidence.args) for part in result.parts}
    assert evidence["type"] == (Code.PART_TYPE, {"type": "feature"})
    assert evidence["lines"] == (Code.PART_LINES, {"lines": 159})
    assert evidence["security"] == (Code.PART_SECURITY, {"paths": ("src/auth/login.py",)})
    assert evidence["migrations"] == (Code.PART_MIGRATIONS, {"paths": ("db/migrations/1.sql",)})
    assert evidence["dependencies"] == (Code.PART_DEPENDENCIES, {"paths": ("uv.lock",)})
    assert evidence["breaking"] == (Code.PART_BREAKING, {})


def test_merges_are_low_whatever_they_say() -> None:
    result = scored(commit("feat!: x (CVE-2026-1)", change("src/x.py", 9000), parents=("1" * 40, "2" * 40)))
    assert (result.tier, parts(result)) == ("low", {"merge": 0})


def test_a_failed_analysis_is_scored_by_its_message() -> None:
    result = score(failed(commit("feat: x", change("src/x.py", 9000)), "why"), RUBRIC)
    assert parts(result) == {"failed": 0, "type": 9, "unknown_size": 0}


def _cases() -> Iterator[tuple[str, str]]:
    yield "[profiles", "not valid TOML"
    yield "", "profiles: Field required"
    yield "[profiles]", "profiles: Dictionary should have at least 1 item"
    yield SMALLEST.replace("medium = 1", "medium = 0"), "profiles.default.medium: "
    yield SMALLEST.replace("high = 2", "high = 1"), "profiles.default: high must be more than medium"
    yield SMALLEST.replace("fix", "fixes"), "profiles.default.types.fixes"
    yield SMALLEST + "[profiles.default.lines]\nmany = 3\n", "profiles.default.lines.many"
    yield SMALLEST + "[profiles.default.sings]\nbreaking = 3\n", "profiles.default.sings"
    yield SMALLEST + "[profiles.default.signs]\nbreaking = 'much'\n", "profiles.default.signs.breaking"
    yield SMALLEST + "[profiles.default.opinion]\nhigher = 2\n", "profiles.default: opinion must be at most 1"
    yield SMALLEST + "[profiles.default.opinion]\nlower = -2\n", "profiles.default: opinion must be at most 1"
    yield SMALLEST + "[profiles.default.opinion]\nhigher = -1\n", "profiles.default.opinion.higher"
    yield SMALLEST + "[profiles.default.files]\n5 = 1000\n", "profiles.default.files.5"


@pytest.mark.parametrize(("text", "says"), list(_cases()))
def test_a_wrong_rubric_names_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(Misuse) as caught:
        Rubric.load(path)
    assert str(path) in str(caught.value)
    assert says in str(caught.value)


def test_a_missing_rubric_and_a_missing_profile(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"none\.toml cannot be read"):
        Rubric.load(tmp_path / "none.toml")
    with pytest.raises(Misuse, match="no profile 'mine'; it has default"):
        score(analyze(titled("x")), RUBRIC, "mine")


def test_the_version_follows_the_numbers_alone() -> None:
    version = Rubric.parse(SMALLEST, "a").version
    reordered = SMALLEST.replace("high = 2\nmedium = 1", "# why\nmedium = 1\nhigh = 2")
    assert Rubric.parse(reordered, "b").version == version
    assert Rubric.parse(SMALLEST.replace("high = 2", "high = 3"), "a").version != version
    assert len(version) == 12


@given(observed())
def test_a_score_is_the_sum_of_its_parts(any_commit: CommitObserved) -> None:
    for analyzed in (analyze(any_commit), failed(any_commit, "why")):
        result = score(analyzed, RUBRIC)
        assert result.points == sum(part.points for part in result.parts)
        assert result == score(analyzed, RUBRIC)
        assert (result.rubric, result.round) == (RUBRIC.version, analyzed.round)
        for part in result.parts:
            check(part.evidence)
        if analyzed.facts.is_merge:
            assert result.tier == "low"


@given(st.integers(-50, 50), st.integers(-50, 50))
def test_more_points_never_make_a_lower_tier(points: int, others: int) -> None:
    profile = RUBRIC.profile("default")
    low, high = sorted((points, others))
    assert TIERS.index(profile.tier(high)) <= TIERS.index(profile.tier(low))
