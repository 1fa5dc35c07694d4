"""`commitwire replay`: past days again, with another rubric, and what that changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.scene import commit_of, counts, unnamed, utc
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo

DAY = "2026-02-11"
DAYS = ("--since", DAY, "--until", DAY)


@pytest.fixture
def reported(commitwire: Commitwire, repo: GitRepo) -> Commitwire:
    repo.commit("docs: explain", {"README.md": "words\n" * 30}, when=utc(f"{DAY} 10:00"))
    repo.commit("fix: repair", {"a.py": "x = 1\n" * 30}, when=utc(f"{DAY} 11:00"))
    commitwire.now = "2026-02-12T06:00:00+00:00"
    commitwire.report(repo.path, "--lang", "en", "--date", DAY)
    return commitwire


def places(commitwire: Commitwire) -> tuple[object, ...]:
    return "--data", commitwire.data, "--out", commitwire.out


def rubric(directory: Path, high: int, medium: int) -> Path:
    path = directory / "rubric.toml"
    path.write_text(
        f"[profiles.default]\nhigh = {high}\nmedium = {medium}\n[profiles.default.types]\ndocs = 4\nfix = 7\n"
    )
    return path


def test_another_rubric_shows_whom_it_moves_and_revises_the_report(reported: Commitwire, tmp_path: Path) -> None:
    before = commit_of(reported.event(DAY), "docs: explain")["tier"]
    result = reported("replay", *DAYS, "--rubric", str(rubric(tmp_path, 9, 2)), "--json", *places(reported))
    (moved,) = [json.loads(line) for line in result.lines]
    assert (moved["title"], moved["before"], moved["after"], moved["text"]) == (
        "docs: explain",
        before,
        "medium",
        False,
    )
    event = reported.event(DAY)
    assert (event["revision"], commit_of(event, "docs: explain")["tier"]) == (2, "medium")
    assert [one["title"] for one in event["changes"]["retiered"]] == ["docs: explain"]
    assert unnamed(reported) == set()


def test_the_same_again_changes_nothing(reported: Commitwire) -> None:
    result = reported("replay", *DAYS, "--json", *places(reported))
    assert result.lines == []
    assert counts(reported)["reports"] == 1


def test_a_replayed_day_stays_so(reported: Commitwire, repo: GitRepo, tmp_path: Path) -> None:
    reported("replay", *DAYS, "--rubric", str(rubric(tmp_path, 9, 2)), *places(reported))
    reported.report(repo.path, "--lang", "en", "--date", DAY)
    assert reported.event(DAY)["revision"] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "2026-02-12", "--until", DAY), "--since"),
        (("--since", DAY, "--until", "9999-12-31"), "--until: 9999-12-31 has not begun in UTC; today is 2026-02-12"),
        (("--since", "0001-01-01", "--until", DAY), "run at most 3,660 days at once"),
        ((*DAYS, "--name", "weekly"), "no report 'weekly'"),
        ((*DAYS, "--model", "big"), "need a model"),
        ((*DAYS, "--rubric", "r.toml", "--model", "big"), "--rubric goes without"),
        ((*DAYS, "--rubric", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_what_cannot_be_replayed_is_said(reported: Commitwire, arguments: tuple[str, ...], words: str) -> None:
    result = reported("replay", *arguments, *places(reported), code=2)
    assert words in result.err
    assert "Traceback" not in result.err
