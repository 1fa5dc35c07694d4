"""Days that a command was not asked for: their files follow all the same, in this definition and in others."""

from __future__ import annotations

from tests.cli.scene import utc
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo


def late_work(repo: GitRepo) -> None:
    """A commit of the tenth that comes too late, and one of the twelfth."""
    repo.commit("fix: late", {"late.py": "1\n"}, when=utc("2026-02-10 20:00"))
    repo.commit("feat: next", {"next.py": "1\n"}, when=utc("2026-02-12 09:00"))


def test_a_killed_run_leaves_no_earlier_day_behind(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("feat: first", {"a.py": "1\n"}, when=utc("2026-02-10 09:00"))
    commitwire.now = "2026-02-13T06:00:00+00:00"
    commitwire.report(repo.path, "--date", "2026-02-10")
    late_work(repo)
    commitwire.environment["COMMITWIRE_KILL_AT"] = "run.sealed:1"
    commitwire.report(repo.path, "--date", "2026-02-12", code=-9)
    del commitwire.environment["COMMITWIRE_KILL_AT"]
    commitwire.report(repo.path, "--date", "2026-02-12")
    event = commitwire.event("2026-02-10")
    assert (event["revision"], event["coverage"]["commits"]) == (2, 2)
    assert "fix: late" in commitwire.markdown("2026-02-10")


def test_a_definition_catches_up_with_what_another_one_collected(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("feat: first", {"a.py": "1\n"}, when=utc("2026-02-10 09:00"))
    commitwire.now = "2026-02-13T06:00:00+00:00"
    for name in ("daily", "other"):
        commitwire.report(repo.path, "--date", "2026-02-10", "--name", name)
    late_work(repo)
    commitwire.report(repo.path, "--date", "2026-02-12")
    assert commitwire.sql("SELECT day, revision FROM v_reports WHERE definition = 'other' ORDER BY day, revision") == [
        {"day": "2026-02-10", "revision": 1},
        {"day": "2026-02-10", "revision": 2},
    ]
    written = commitwire.report(repo.path, "--date", "2026-02-12", "--name", "other").lines
    assert str(commitwire.out / "other" / "2026-02-10.json") in written
    assert commitwire.event("2026-02-10", "other")["revision"] == 2
