"""Published days that change: commits that come late, and history that is rewritten."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.cli.scene import counts, records, titles, utc
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo
from tests.servers.brokers import KNOWS_ITS_ENDS


@KNOWS_ITS_ENDS
def test_a_late_commit_revises_its_day_and_stands_under_late_on_the_day_of_its_merge(
    commitwire: Commitwire, repo: GitRepo
) -> None:
    repo.commit("Begin", {"a.py": "1\n"}, when=utc("2026-02-01 10:00"))
    repo.branch("topic")
    for when in ("2026-02-07 12:00", "2026-02-08 12:00"):
        repo.commit(f"fix: of {when[:10]}", {f"{when[:10]}.py": "1\n"}, branch="topic", when=utc(when))
    repo.commit("fix: on time", {"a.py": "2\n"}, when=utc("2026-02-08 13:00"))
    commitwire.now = "2026-02-09T06:00:00+00:00"
    commitwire.report(repo.path, "--lang", "en")
    assert titles(commitwire.event("2026-02-08")) == ["fix: on time"]

    repo.merge("topic", title="Merge topic", when=utc("2026-02-11 10:00"))
    commitwire.now = "2026-02-12T06:00:00+00:00"
    result = commitwire.report(repo.path, "--lang", "en")
    written = {line.rpartition("/")[2] for line in result.lines if line.endswith(".md")}
    assert written == {"2026-02-08.en.md", "2026-02-11.en.md"}, "a day that was never reported gets no report"

    own = commitwire.event("2026-02-08")
    assert (own["revision"], titles(own)) == (2, ["fix: on time", "fix: of 2026-02-08"])
    assert [added["title"] for added in own["changes"]["added"]] == ["fix: of 2026-02-08"]
    arrival = commitwire.event("2026-02-11")
    assert (titles(arrival), arrival["late_total"]) == (["Merge topic"], 2)
    assert [(late["title"], late["day"]) for late in arrival["late"]] == [
        ("fix: of 2026-02-08", "2026-02-08"),
        ("fix: of 2026-02-07", "2026-02-07"),
    ]
    text = commitwire.markdown("2026-02-11", "en")
    assert "## ⏰ Arrived late\n" in text
    assert "[report of 2026-02-08](2026-02-08.en.md)" in text
    assert counts(commitwire) == {"commits": 4, "analyses": 4, "scores": 4, "reports": 3}

    commitwire.report(repo.path, "--lang", "en", "--date", "2026-02-07")
    assert titles(commitwire.event("2026-02-07")) == ["fix: of 2026-02-07"]
    assert counts(commitwire)["commits"] == 4, "what was sent as late is not sent again"


def test_a_force_push_takes_commits_from_recent_days_only(commitwire: Commitwire, repo: GitRepo) -> None:
    root = repo.commit("Begin", {"a.py": "1\n"}, when=utc("2025-12-01 10:00"))
    repo.commit("Old, then gone", {"a.py": "2\n"}, when=utc("2026-01-02 10:00"))
    repo.commit("Recent, then gone", {"a.py": "3\n"}, when=utc("2026-02-11 10:00"))
    commitwire.report(repo.path, "--lang", "en", "--date", "2026-01-02")
    commitwire.report(repo.path, "--lang", "en", "--date", "2026-02-11")

    repo.git("update-ref", "refs/heads/main", root)
    repo.commit("Old, and new", {"a.py": "4\n"}, when=utc("2026-01-02 11:00"))
    repo.commit("Recent, and new", {"a.py": "5\n"}, when=utc("2026-02-11 11:00"))
    result = commitwire.report(repo.path, "--lang", "en", "--date", "2026-02-11")
    assert [line.rpartition("/")[2] for line in result.lines[::2]] == ["2026-01-02.en.md", "2026-02-11.en.md"]

    recent = commitwire.event("2026-02-11")
    assert (recent["revision"], titles(recent)) == (2, ["Recent, and new"])
    assert [gone["title"] for gone in recent["changes"]["removed"]] == ["Recent, then gone"]
    assert "- Removed (1)\n  - Recent, then gone\n" in commitwire.markdown("2026-02-11", "en")
    old = commitwire.event("2026-01-02")
    assert (old["revision"], titles(old)) == (2, ["Old, and new", "Old, then gone"])
    assert old["changes"]["removed"] == []


def test_a_commit_that_is_pushed_late_stands_under_late_on_the_day_it_is_noticed(
    commitwire: Commitwire, repo: GitRepo
) -> None:
    repo.commit("fix: on time", {"a.py": "1\n"}, when=utc("2026-02-08 13:00"))
    commitwire.now = "2026-02-09T06:00:00+00:00"
    commitwire.report(repo.path, "--date", "2026-02-08")
    today = (repo.path, "--lang", "zh-CN", "--date", "2026-02-10")
    commitwire.now = "2026-02-10T08:00:00+00:00"
    commitwire.report(*today)
    assert commitwire.event("2026-02-10")["late"] == []

    sha = repo.commit("fix: made offline", {"a.py": "2\n"}, when=utc("2026-02-08 14:00"))
    commitwire.now = "2026-02-10T12:00:00+00:00"
    commitwire.report(*today)
    assert titles(commitwire.event("2026-02-08")) == ["fix: made offline", "fix: on time"]
    for now in ("2026-02-10T13:00:00+00:00", "2026-02-11T06:00:00+00:00", "2026-02-12T06:00:00+00:00"):
        commitwire.now = now
        commitwire.report(*today)
        event = commitwire.event("2026-02-10")
        assert [(late["title"], late["day"]) for late in event["late"]] == [("fix: made offline", "2026-02-08")]
        assert event["late_total"] == 1
    seals = [(seal["day"], seal["number"]) for seal in records(commitwire, "seals")]
    assert sorted(seals) == [("2026-02-08", 1), ("2026-02-08", 2), *(("2026-02-10", n) for n in (1, 2, 3))]
    found = commitwire.sql("SELECT sha, day, arrived FROM v_late_commits")
    assert found == [{"sha": sha, "day": "2026-02-08", "arrived": "2026-02-10"}]


def test_after_a_branch_has_moved_its_earlier_days_are_read_once(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("fix: before", {"a.py": "1\n"}, when=utc("2026-02-08 13:00"))
    commitwire.report(repo.path, "--date", "2026-02-08")
    calls = _logged_git(commitwire)
    midnight = f"@{int(utc('2026-02-08 00:00').timestamp())} "

    repo.commit("fix: after", {"a.py": "2\n"}, when=utc("2026-02-11 13:00"))
    commitwire.report(repo.path, "--date", "2026-02-11")
    assert midnight in calls.read_text()
    calls.write_text("")
    commitwire.report(repo.path, "--date", "2026-02-11")
    assert calls.read_text()
    assert midnight not in calls.read_text()
    assert {seal["number"] for seal in records(commitwire, "seals")} == {1}


def _logged_git(commitwire: Commitwire) -> Path:
    """From now on the arguments of every git that the program runs are written to this file."""
    calls, programs = commitwire.home / "calls", commitwire.home / "bin"
    programs.mkdir()
    wrapper = programs / "git"
    wrapper.write_text(f'#!/bin/sh\necho "$*" >> {calls}\nexec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    commitwire.environment["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return calls
