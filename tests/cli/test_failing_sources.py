"""Sources that cannot be collected: the report is written and says so."""

from __future__ import annotations

from pathlib import Path

from tests.cli.scene import line, titles, utc, write_lines
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo


def test_a_source_that_fails_is_named_and_recovers_in_a_new_revision(
    commitwire: Commitwire, repo: GitRepo, tmp_path: Path
) -> None:
    repo.commit("fix: this", {"a.py": "1\n"}, when=utc("2026-02-11 10:00"))
    arguments = (repo.path, f"acme/saw={(tmp_path / 'saw.git').as_uri()}", "--lang", "en", "--date", "2026-02-11")
    first = commitwire.report(*arguments, code=3)
    (complaint,) = first.err.splitlines()
    assert complaint.startswith("commitwire: github.com/acme/saw: cannot clone")
    assert [path.rpartition("/")[2] for path in first.lines] == ["2026-02-11.en.md", "2026-02-11.json"]
    event = commitwire.event("2026-02-11")
    assert titles(event) == ["fix: this"]
    assert {section["repo"]: bool(section["reason"]) for section in event["sections"]} == {
        "github.com/acme/saw": True,
        "local/rocket": False,
    }
    assert event["coverage"]["not_collected"] == 1
    text = commitwire.markdown("2026-02-11", "en")
    assert "## local/rocket\n" in text
    assert "## acme/saw\n\n⚠️ This repository could not be collected: cannot clone" in text
    assert "No commits" not in text

    saw = GitRepo(tmp_path / "saw.git")
    saw.commit("feat: cut", {"b.py": "1\n"}, when=utc("2026-02-11 09:00"))
    commitwire.report(*arguments)
    event = commitwire.event("2026-02-11")
    assert (event["revision"], event["changes"]["collected"]) == (2, ["github.com/acme/saw"])
    assert titles(event, "github.com/acme/saw") == ["feat: cut"]
    assert all(section["reason"] is None for section in event["sections"])
    assert "could not be collected" not in commitwire.markdown("2026-02-11", "en")

    saw.path.rename(tmp_path / "elsewhere")
    commitwire.report(*arguments, code=3)
    event = commitwire.event("2026-02-11")
    assert (event["revision"], event["changes"]["lost"]) == (3, ["github.com/acme/saw"])
    assert titles(event, "github.com/acme/saw") == ["feat: cut"], "what was collected before stays"
    assert "What follows was collected before." in commitwire.markdown("2026-02-11", "en")


def test_a_source_without_a_name_is_the_same_before_and_after_it_recovers(
    commitwire: Commitwire, tmp_path: Path
) -> None:
    arguments = ((tmp_path / "saw.git").as_uri(), "--date", "2026-02-11")
    commitwire.report(*arguments, code=3)
    GitRepo(tmp_path / "saw.git").commit("feat: cut", {"b.py": "1\n"}, when=utc("2026-02-11 09:00"))
    commitwire.report(*arguments)
    event = commitwire.event("2026-02-11")
    assert (event["revision"], titles(event, "local/saw")) == (2, ["feat: cut"])


def test_a_repository_with_missing_objects_is_a_source_that_fails(commitwire: Commitwire, repo: GitRepo) -> None:
    lost = "1" * 40
    repo.raw_commit(
        f"tree {{tree}}\nparent {lost}\nauthor A <a@b> 1770800000 +0000\n"
        "committer A <a@b> 1770800000 +0000\n\nfix: on what is lost\n".encode(),
        branch="main",
    )
    result = commitwire.report(repo.path, code=3)
    assert result.err.startswith("commitwire: local/rocket: git failed: ")
    assert "未能采集" in commitwire.markdown("2026-02-12")


def test_a_password_in_a_url_is_shown_nowhere(commitwire: Commitwire, tmp_path: Path) -> None:
    url = "http://ada:sesame@127.0.0.1:9/acme/rocket.git"
    file = write_lines(tmp_path / "saw.jsonl", line(1, repo="acme/saw"), b"no commit")
    result = commitwire.report(url, "-", "--jsonl", file, "--date", "2026-02-11", code=3)
    assert f"{file}:2: the line is no JSON" in result.err, "a bad line does not hide behind a worse exit code"
    files = [file for file in commitwire.home.rglob("*") if file.is_file()]
    assert "sesame" not in result.out + result.err
    assert not [file for file in files if b"sesame" in file.read_bytes()]
