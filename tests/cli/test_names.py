"""A report's name is bound to its definition."""

from __future__ import annotations

from tests.cli.scene import counts, titles, utc
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo


def test_a_name_keeps_its_definition_until_it_is_redefined(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("fix: this", {"a.py": "1\n"}, when=utc("2026-02-11 10:00"))
    repo.branch("release")
    future = commitwire.report(repo.path, "--tz", "Asia/Tokyo", "--date", "2030-01-01", code=2)
    assert "2030-01-01 has not begun in Asia/Tokyo" in future.err
    commitwire.report(repo.path)  # a command that was refused has bound nothing
    done = counts(commitwire)

    zone = commitwire.report(repo.path, "--tz", "Europe/Berlin", code=2)
    assert "local/rocket (main); zone UTC, language zh-CN" in zone.err
    assert "local/rocket (main); zone Europe/Berlin, language zh-CN" in zone.err
    assert "--redefine" in zone.err
    branch = commitwire.report(repo.path, "--branch", "release", code=2)
    assert "local/rocket (release)" in branch.err
    assert zone.out == branch.out == ""
    assert counts(commitwire) == done

    commitwire.report(repo.path, "--lang", "en", "--redefine")
    event = commitwire.event("2026-02-11")
    assert (event["revision"], event["changes"]["redefined"]) == (2, True)
    assert "The definition of this report has changed." in commitwire.markdown("2026-02-11", "en")
    commitwire.report(repo.path, "--lang", "en")
    assert commitwire.event("2026-02-11")["revision"] == 2

    commitwire.report(repo.path, "--tz", "Europe/Berlin", "--name", "berlin")
    assert titles(commitwire.event("2026-02-11", "berlin")) == ["fix: this"]
    assert counts(commitwire) == {**done, "reports": 3}, "another report of the same commits analyzes nothing again"
