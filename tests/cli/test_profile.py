"""Reports that weigh the same commits by different profiles of one rubric."""

from __future__ import annotations

import pytest

from tests.cli.scene import utc
from tests.commitwire import Commitwire
from tests.configured import by_file
from tests.gitrepo import GitRepo

DAY = "2026-02-11"
RUBRIC = """
[profiles.default]
high = 90
medium = 80
[profiles.default.types]
fix = 7
[profiles.strict]
high = 5
medium = 2
[profiles.strict.types]
fix = 7
"""


@pytest.fixture
def home(commitwire: Commitwire, repo: GitRepo) -> Commitwire:
    repo.commit("fix: repair", {"a.py": "x = 1\n"}, when=utc(f"{DAY} 11:00"))
    (commitwire.home / "rubric.toml").write_text(RUBRIC)
    return commitwire


def test_a_report_has_its_own_profile(home: Commitwire, repo: GitRepo) -> None:
    for name, profile, tier in (("daily", "default", "low"), ("security", "strict", "high")):
        by_file(home, rubric="rubric.toml", profile=profile)
        home.report(repo.path, "--date", DAY, "--name", name)
        (section,) = home.event(DAY, name)["sections"]
        assert [commit["tier"] for commit in section["commits"]] == [tier]
    rows = home.sql("SELECT profile, tier FROM v_commit_tiers ORDER BY profile")
    assert rows == [{"profile": "default", "tier": "low"}, {"profile": "strict", "tier": "high"}]


def test_a_profile_that_the_rubric_does_not_have_is_named(home: Commitwire, repo: GitRepo) -> None:
    by_file(home, rubric="rubric.toml", profile="lenient")
    said = home.report(repo.path, "--date", DAY, code=2)
    assert "the rubric has no profile 'lenient'; it has default, strict" in said.err
    assert len(said.err.splitlines()) == 1


def test_a_profile_that_only_others_have_stops_nobody(home: Commitwire, repo: GitRepo) -> None:
    by_file(home, rubric="rubric.toml", profile="strict")
    home.report(repo.path, "--date", DAY, "--name", "security")
    (home.home / "commitwire.toml").unlink()
    repo.commit("fix: again", {"a.py": "x = 2\n"}, when=utc(f"{DAY} 12:00"))
    home.report(repo.path, "--date", DAY)
    assert home.event(DAY)["coverage"]["commits"] == 2
