"""Commits that git allows: odd dates, odd bytes, odd trees, and the end of a shallow clone."""

from __future__ import annotations

from pathlib import Path

from tests.cli.scene import commit_of, records, titles, utc
from tests.commitwire import Commitwire
from tests.gitrepo import Entry, GitRepo, Rename, run

NOON = utc("2026-02-11 12:00")
EPOCH = int(NOON.timestamp())


def test_commits_of_every_shape(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("Begin", {"tool.sh": "x\n", "old.py": "a = 1\n" * 20}, when=utc("2026-02-10 10:00"))
    for branch in ("one", "two"):
        repo.branch(branch)
        repo.commit(f"fix: on {branch}", {f"{branch}.py": "1\n"}, branch=branch, when=NOON)
    repo.merge("one", "two", title="Octopus", files={"one.py": "1\n", "two.py": "1\n"}, when=NOON)
    repo.branch("same")
    repo.commit("Beside", branch="same", when=NOON)
    repo.merge("same", title="Merge of nothing", when=NOON)
    repo.commit("Empty", when=NOON)
    repo.commit("Binary", {"logo.png": b"\x89PNG\r\n\x1a\n\0\0"}, when=NOON)
    repo.commit("Submodule", {"vendor/lib": Entry("a" * 40, "160000")}, when=NOON)
    repo.commit("Mode", {"tool.sh": Entry("x\n", "100755")}, when=NOON)
    repo.commit("Link", {"link": Entry("tool.sh", "120000")}, when=NOON)
    repo.commit("Rename", {"new.py": Rename("old.py")}, when=NOON)
    repo.commit(
        "Paths", {'tab\there/"quoted"\nline.py': "1\n", b"latin-\xe9.py": "1\n", "中文/файл.py": "1\n"}, when=NOON
    )
    repo.commit("Many files", {f"d{n % 70}/f{n}.py": "1\n" for n in range(5_000)}, when=NOON)
    repo.commit("", {"untitled.py": "1\n"}, when=NOON)
    commitwire.report(repo.path, "--lang", "en")
    event = commitwire.event("2026-02-11")
    shown = {title: commit_of(event, title) for title in titles(event)}
    assert len(titles(event)) == event["coverage"]["commits"] == 14
    assert {title for title in shown if shown[title]["is_merge"]} == {"Octopus", "Merge of nothing"}
    sizes = {title: (commit["files"], commit["additions"]) for title, commit in shown.items()}
    assert sizes["Octopus"] == sizes["Merge of nothing"] == sizes["Empty"] == sizes["Beside"] == (0, 0)
    assert sizes["Binary"] == (1, 0)
    assert sizes["Submodule"] == (1, 1)
    assert sizes["Mode"] == sizes["Rename"] == (1, 0)
    assert sizes["Paths"] == (3, 3)
    assert sizes["Many files"] == (5_000, 5_000)
    text = commitwire.markdown("2026-02-11", "en")
    assert "A merge that brought 2 commits: " in text
    assert "#### \u2060\n\n*(no title)*" in text
    kept = commitwire.sql("SELECT count() AS n FROM v_file_changes WHERE startsWith(path, 'd')")
    assert kept == [{"n": 5_000}], "those that did not fit into the event are in the store, too"


def test_dates_zones_and_bytes_that_should_not_be(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("Begin", when=utc("2026-02-10 10:00"))
    odd = {
        b"fix: zone": b"%d +051800" % EPOCH,
        b"fix: caf\xe9 and \xff": b"%d -0000" % EPOCH,
        b"fix: nul \0 and \x1b[31mescape": b"%d +9999" % EPOCH,
        b"Before time": b"-1000 +0000",
        b"No date at all": b"yesterday",
        b"Year 5138": b"99999999999 +0000",
        b"Beyond numbers": b"99999999999999999999999 +0000",
    }
    for message, date in odd.items():
        above = (repo.tip() or "").encode()
        repo.raw_commit(
            b"tree {tree}\nparent %s\nauthor A\xe9 <a@b> %s\ncommitter C <c@d> %s\n\n%s\n"
            % (above, date, date, message),
            branch="main",
        )
    commitwire.report(repo.path)
    assert set(titles(commitwire.event("2026-02-11"))) == {
        "fix: zone",
        "fix: caf\ufffd and \ufffd",
        "fix: nul \ufffd and \ufffd[31mescape",
    }
    text = commitwire.markdown("2026-02-11")
    assert "| 2026-02-11 12:00:00 | A\ufffd | fix: zone |" in text
    commitwire.report(repo.path, "--date", "1970-01-01")
    assert set(titles(commitwire.event("1970-01-01"))) == {"Before time", "No date at all", "Beyond numbers"}


def test_a_shallow_clone_ends_at_its_boundary_until_it_is_deepened(
    commitwire: Commitwire, repo: GitRepo, tmp_path: Path
) -> None:
    for hour in range(10, 14):
        repo.commit(f"fix: at {hour}", {f"{hour}.py": "1\n" * hour}, when=utc(f"2026-02-11 {hour}:00"))
    clone = tmp_path / "clone"
    run("git", "clone", "-q", "--depth", "2", repo.path.as_uri(), str(clone))
    commitwire.report(f"acme/rocket={clone}", "--lang", "en")
    event = commitwire.event("2026-02-11")
    assert titles(event) == ["fix: at 13", "fix: at 12"]
    assert commit_of(event, "fix: at 12")["files"] is None
    assert "A shallow clone ends here: the change is unknown." in commitwire.markdown("2026-02-11", "en")

    run("git", "-C", str(clone), "fetch", "-q", "--unshallow")
    commitwire.report(f"acme/rocket={clone}", "--lang", "en")
    event = commitwire.event("2026-02-11")
    assert len(titles(event)) == 4
    assert (commit_of(event, "fix: at 12")["additions"], event["coverage"]["unknown_size"]) == (12, 0)
    revisions = [report for report in records(commitwire, "reports") if report["revision"] > 1]
    assert ["fix: at 12"] in [[again["title"] for again in report["changes"]["reanalyzed"]] for report in revisions]
