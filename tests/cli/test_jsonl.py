"""Commits from a file: one JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.scene import commit_of, counts, line, records, titles, utc, write_lines
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo
from tests.servers.brokers import KNOWS_ITS_ENDS

ROCKET = "github.com/acme/rocket"


@KNOWS_ITS_ENDS
def test_a_file_adds_commits_to_its_days_and_never_removes_any(commitwire: Commitwire, tmp_path: Path) -> None:
    sized = line(
        1,
        title="feat: with files",
        body=["Why.", "", "Signed-off-by: Ada Lovelace <ada@example.org>"],
        files=[{"path": "core/engine.py", "status": "M", "additions": 90, "deletions": 4, "extra": 1}],
        weather="fine",
    )
    merge = line(3, "2026-02-11T12:00:00+08:00", title="Merge it", parents=["a" * 40, "b" * 40])
    other_day = line(4, "2026-02-10T23:59:59Z")
    elsewhere = line(5, repo="git.example.org/tools/saw", author="Grace <grace@example.org>")
    first = write_lines(tmp_path / "first.jsonl", sized, line(2), merge, other_day, elsewhere)
    commitwire.report("-", "--jsonl", first, "--date", "2026-02-11", "--lang", "en")
    event = commitwire.event("2026-02-11")
    assert titles(event, ROCKET) == ["fix: number 2", "feat: with files", "Merge it"]
    assert titles(event, "git.example.org/tools/saw") == ["fix: number 5"]
    assert counts(commitwire)["commits"] == 5, "every line feeds the stream"
    assert {seal["day"] for seal in records(commitwire, "seals")} == {"2026-02-11"}, "only the day asked for is sealed"

    unknown, known = commit_of(event, "fix: number 2"), commit_of(event, "feat: with files")
    assert (unknown["files"], unknown["additions"]) == (None, None)
    assert (known["files"], known["additions"], known["body"]) == (1, 90, ["Why."])
    assert {part["name"] for part in unknown["parts"] if part["points"]} == {"type"}
    assert event["coverage"]["unknown_size"] == 2
    text = commitwire.markdown("2026-02-11", "en")
    assert "⚠️ 2 of unknown size" in text
    assert f"https://{ROCKET}/commit/{'2'.zfill(40)}" in text
    assert "| 2026-02-11 10:00:00 | Grace | fix: number 5 |" in text

    second = write_lines(tmp_path / "second.jsonl", line(6, "2026-02-11T11:00:00Z"), elsewhere)
    commitwire.report("-", "--jsonl", second, "--date", "2026-02-11", "--lang", "en")
    event = commitwire.event("2026-02-11")
    assert event["revision"] == 2
    assert titles(event, ROCKET) == ["fix: number 6", "fix: number 2", "feat: with files", "Merge it"]
    assert counts(commitwire)["commits"] == 6


def test_bad_lines_are_named_by_number_and_the_rest_goes_on(commitwire: Commitwire, tmp_path: Path) -> None:
    bad: list[tuple[bytes | dict[str, object], str]] = [
        (b"not json", "the line is no JSON"),
        (b'{"repo": "acme/rocket"', "the line is no JSON"),
        (b"[" * 100_000, "the line is no JSON"),
        (b'["a list"]', "the line is no JSON object"),
        (b'{"repo": "acme/rocket\xff"}', "the line is not UTF-8"),
        (line(1, title=None), "title is missing"),
        (line(1, title=7), "title must be a text"),
        (line(1, body="text"), "body must be a list"),
        (line(1, body=[1]), "body must be a list of texts"),
        (line(1, author=None), "author is missing"),
        (line(1, "2026-02-11T10:00:00"), "committed_at needs an offset"),
        (line(1, "yesterday"), "committed_at must be an ISO date"),
        (line(1, sha="short"), "sha must be 40 or 64 hex digits"),
        (line(1, sha="abcdef1"), "sha must be 40 or 64 hex digits"),
        (line(1, repo="rocket"), "repo: 'rocket' is no repository name"),
        (line(1, repo="../../etc/passwd"), "repo: "),
        (line(1, files={}), "files must be a list"),
        (line(1, files=[{"path": "a", "status": "?"}]), "files[0].status must be one of"),
        (line(1, files=[{"path": "a", "status": "M", "additions": -1}]), "files[0].additions must be a number"),
        (line(1, parents=["x"]), "parents must be 40 or 64 hex digits"),
        (b'{"title": "' + b"x" * (16 << 20) + b'"}', "the line is longer than 16 MB"),
    ]
    good = line(2, title="fix: \ud800 half a character", body=["", "kept"])
    file = write_lines(tmp_path / "some.jsonl", b"", *(one for one, _ in bad), b"  ", good)
    result = commitwire.report("-", "--jsonl", file, "--date", "2026-02-11", code=4)
    complaints = result.err.splitlines()
    assert len(complaints) == len(bad)
    for number, (complaint, (_, reason)) in enumerate(zip(complaints, bad, strict=True), start=2):
        assert complaint.startswith(f"commitwire: {file}:{number}: {reason}")
        assert len(complaint) < 300
    assert titles(commitwire.event("2026-02-11")) == ["fix: ? half a character"]
    assert len(result.lines) == 2


def test_a_file_and_a_repository_stand_in_one_report(commitwire: Commitwire, repo: GitRepo, tmp_path: Path) -> None:
    repo.commit("fix: in git", {"a.py": "1\n"}, when=utc("2026-02-11 10:00"))
    file = write_lines(tmp_path / "saw.jsonl", line(1, repo="acme/saw"))
    commitwire.report(repo.path, "-", "--jsonl", file)
    event = commitwire.event("2026-02-11")
    assert [(section["repo"], section["branch"]) for section in event["sections"]] == [
        ("github.com/acme/saw", "-"),
        ("local/rocket", "main"),
    ]
    assert (titles(event, "github.com/acme/saw"), titles(event, "local/rocket")) == (["fix: number 1"], ["fix: in git"])


def test_what_git_says_later_replaces_what_a_file_said(commitwire: Commitwire, repo: GitRepo, tmp_path: Path) -> None:
    sha = repo.commit("feat: fly", {"engine.py": "x = 1\n" * 50}, when=utc("2026-02-11 10:00"))
    file = write_lines(tmp_path / "commits.jsonl", line(1, sha=sha, title="feat: fly"))
    commitwire.report("-", "--jsonl", file, "--name", "file")
    assert commit_of(commitwire.event("2026-02-11", "file"), "feat: fly")["additions"] is None
    commitwire.report(f"acme/rocket={repo.path}", "--name", "clone")
    assert commit_of(commitwire.event("2026-02-11", "clone"), "feat: fly")["additions"] == 50
    commitwire.report("-", "--jsonl", file, "--name", "file")
    event = commitwire.event("2026-02-11", "file")
    assert (event["revision"] > 1, commit_of(event, "feat: fly")["additions"]) == (True, 50)
    assert [again["title"] for again in event["changes"]["reanalyzed"]] == ["feat: fly"]
    assert counts(commitwire)["commits"] == 2, "a file never replaces what git said"


def test_of_two_lines_about_a_commit_the_one_that_tells_more_counts(commitwire: Commitwire, tmp_path: Path) -> None:
    rich = line(1, title="feat: rich", files=[{"path": "a.py", "status": "M", "additions": 7, "deletions": 0}])
    file = write_lines(
        tmp_path / "twice.jsonl", rich, line(1, title="feat: poor"), line(2), line(2, title="fix: again")
    )
    commitwire.report("-", "--jsonl", file)
    event = commitwire.event("2026-02-11")
    assert sorted(titles(event)) == ["feat: rich", "fix: number 2"]
    assert commit_of(event, "feat: rich")["additions"] == 7


def test_a_commit_that_is_dated_anew_stands_on_one_day(commitwire: Commitwire, tmp_path: Path) -> None:
    commitwire.now = "2026-02-13T06:00:00+00:00"
    first = write_lines(tmp_path / "first.jsonl", line(1), line(2))
    commitwire.report("-", "--jsonl", first, "--date", "2026-02-11")

    same = write_lines(tmp_path / "same.jsonl", line(2, "2026-02-12T10:00:00Z"))
    commitwire.report("-", "--jsonl", same, "--date", "2026-02-12")
    assert titles(commitwire.event("2026-02-12")) == [], "a line that tells no more corrects nothing"

    more = write_lines(tmp_path / "more.jsonl", line(1, "2026-02-12T10:00:00Z", files=[]))
    commitwire.report("-", "--jsonl", more, "--date", "2026-02-12")
    assert titles(commitwire.event("2026-02-12")) == ["fix: number 1"]
    old = commitwire.event("2026-02-11")
    assert (old["revision"], titles(old)) == (2, ["fix: number 2"])
    said = len(records(commitwire, "seals"))
    commitwire.report("-", "--jsonl", more, "--since", "2026-02-11", "--until", "2026-02-12")
    assert titles(commitwire.event("2026-02-11")) == ["fix: number 2"]
    assert len(records(commitwire, "seals")) == said


def test_a_file_that_holds_no_commit_is_no_source(commitwire: Commitwire, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "none.jsonl", b"{}")
    result = commitwire.report("-", "--jsonl", file, code=2)
    complaint, reason = result.err.splitlines()
    assert complaint == f"commitwire: {file}:1: author is missing"
    assert reason == f"commitwire: --jsonl: {file} holds no commit, so it names no repository to report on"
    file.write_text(json.dumps(line(1)))
    commitwire.report("-", "--jsonl", file)
    assert titles(commitwire.event("2026-02-11")) == ["fix: number 1"]


def test_a_day_too_large_for_one_event_and_one_page(commitwire: Commitwire, tmp_path: Path) -> None:
    body = [f"Line {number}: {'words ' * 30}" for number in range(6)]
    times = [f"2026-02-11T{number // 60:02}:{number % 60:02}:00Z" for number in range(800)]
    many = [line(number, when, title=f"chore: number {number}", body=body) for number, when in enumerate(times)]
    result = commitwire.report("-", "--jsonl", write_lines(tmp_path / "many.jsonl", *many))
    names = [path.rpartition("/")[2] for path in result.lines]
    assert names[:2] + names[-1:] == ["2026-02-11.zh-CN.md", "2026-02-11.zh-CN.2.md", "2026-02-11.json"]
    assert len(titles(commitwire.event("2026-02-11"))) == 800, "the file holds the whole event"
    (said,) = records(commitwire, "reports")
    assert (titles(said), said["coverage"]["commits"]) == ([], 800)
    summary = tmp_path / "summary.json"
    summary.write_text(json.dumps(said))
    assert "is only the summary of a large report" in commitwire("render", summary, code=2).err
