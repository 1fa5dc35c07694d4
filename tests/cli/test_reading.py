"""Commands that read: saved reports, the store, the log, the schemas, and the state of things."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.scene import utc, with_origin
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Commitwire:
    """A home with the report of a day; nothing here changes it."""
    home = tmp_path_factory.mktemp("home")
    repo = with_origin(GitRepo(home / "rocket"))
    for number in range(12):
        when = utc(f"2026-02-11 {10 + number}:00")
        repo.commit(f"feat: part {number}, “quoted”", {f"{number}.py": "1\n"}, when=when)
    commitwire = Commitwire(home)
    commitwire.report(repo.path)
    return commitwire


def test_a_saved_event_is_rendered_offline_in_either_language(told: Commitwire, commitwire: Commitwire) -> None:
    event = shutil.copy(told.out / "daily" / "2026-02-11.json", commitwire.home / "event.json")
    english = commitwire("render", event, "--lang", "en", "--format", "md")
    assert english.lines == ["out/daily/2026-02-11.en.md"]
    assert commitwire.markdown("2026-02-11", "en").startswith("# Daily report (2026-02-11)\n")
    other = commitwire("render", event, "--format", "md,pdf", code=2)
    assert other.err == "commitwire: --format: pdf is no format; write md, json or both\n"
    same = commitwire("render", event, "--out", "again")
    assert same.lines == ["again/daily/2026-02-11.zh-CN.md", "again/daily/2026-02-11.json"]
    for file in same.lines:
        assert (commitwire.home / file).read_bytes() == (told.out / "daily" / Path(file).name).read_bytes()


def test_a_file_that_is_no_event_is_refused_in_one_sentence(told: Commitwire, commitwire: Commitwire) -> None:
    event = json.loads((told.out / "daily" / "2026-02-11.json").read_text())
    zoneless = {**event, "definition": {**event["definition"], "zone": "Nowhere/Land"}}
    escaping = {**event, "definition": {**event["definition"], "name": "../../up"}}
    bad: dict[str, tuple[bytes, str]] = {
        "text.json": (b"not json", "is no report event: the file: Invalid JSON"),
        "bytes.json": (b"\xff\xfe", "is no report event: the file: Invalid JSON"),
        "other.json": (b'{"definition": 1}', "is no report event: definition"),
        "zone.json": (json.dumps(zoneless).encode(), "there is no time zone 'Nowhere/Land'"),
        "name.json": (json.dumps(escaping).encode(), "is no report event: definition.name"),
    }
    for name, (content, reason) in bad.items():
        file = commitwire.home / name
        file.write_bytes(content)
        result = commitwire("render", file, code=2)
        assert result.err.startswith(f"commitwire: {file} ")
        assert reason in result.err
        assert result.err.count("\n") == 1
    missing = commitwire("render", "missing.json", code=2)
    assert missing.err == "commitwire: missing.json cannot be read: No such file or directory\n"
    assert not commitwire.out.exists()


def test_sql_answers_in_three_forms(told: Commitwire) -> None:
    rows = told.sql("SELECT repo, title, committed_at, body FROM v_commits ORDER BY committed_at LIMIT 1")
    assert rows == [
        {
            "repo": "github.com/acme/rocket",
            "title": "feat: part 0, “quoted”",
            "committed_at": "2026-02-11T10:00:00+00:00",
            "body": [],
        }
    ]
    query = "SELECT title, sha FROM v_commits ORDER BY committed_at"
    parsed = list(csv.reader(told("sql", query, "--format", "csv", "--data", told.data).lines))
    assert (parsed[0], len(parsed), parsed[1][0]) == (["title", "sha"], 13, "feat: part 0, “quoted”")
    table = told("sql", query, "--data", told.data).out
    assert all(sha in table for _, sha in parsed[1:]), "nothing is cut off"


def test_sql_only_reads(told: Commitwire) -> None:
    for statement in ("INSERT INTO commits (sha) VALUES ('x')", "DROP TABLE commits", "SELECT 1; SELECT 2"):
        refused = told("sql", statement, "--data", told.data, code=2)
        assert refused.err == (
            "commitwire: only one reading statement is allowed: SELECT, WITH, SHOW, DESCRIBE or EXPLAIN\n"
        )
    wrong = told("sql", "SELECT nothing FROM v_commits", "--data", told.data, code=2)
    assert "nothing" in wrong.err
    assert wrong.err.count("\n") == 1
    assert "--format: 'xml' is no format" in told("sql", "SELECT 1", "--format", "xml", code=2).err
    assert told.sql("SELECT count() AS n FROM v_commits") == [{"n": 12}]


@pytest.mark.embedded
def test_topics_are_listed_and_tailed(told: Commitwire, commitwire: Commitwire) -> None:
    listed = told("topics", "list", "--data", told.data).out
    assert "commitwire.dead-letters" in listed
    assert "│ commitwire.commits      │ CommitObserved    │ 1          │ 12      │ 0     │ 12  │" in listed
    last = told("topics", "tail", "commits", "--data", told.data).lines
    assert len(last) == 10
    assert "commitwire.CommitObserved.v1  github.com/acme/rocket@" in last[0]
    whole = told("topics", "tail", "commitwire.reports", "--json", "--data", told.data).lines
    record = json.loads(whole[0])
    assert (record["type"], record["offset"]) == ("commitwire.ReportPublished.v1", 0)
    assert record["data"] == told.event("2026-02-11")
    unknown = told("topics", "tail", "nonsense", "--data", told.data, code=2)
    assert "has no topic 'commitwire.nonsense'; it has commitwire.analyses, " in unknown.err
    empty = commitwire("topics", "list", "--data", commitwire.data, code=2)
    assert "holds no log yet" in empty.err


def test_without_a_subcommand_what_there_is_is_listed(told: Commitwire) -> None:
    listed = told("topics", "list", "--data", told.data).out
    assert told("topics", "--data", told.data).out == listed
    assert told("topics", "--data", told.data, "list").out == listed, "options may stand before the subcommand"
    assert told("topics", "--data", "/nowhere", "list", "--data", told.data).out == listed, "the last word wins"
    assert told("dead-letters", "--data", told.data).out == ""


@pytest.mark.embedded
def test_what_only_reads_makes_no_store(commitwire: Commitwire) -> None:
    asked = commitwire("sql", "SELECT 1", "--data", "tpyo", code=2)
    assert asked.err == f"commitwire: there is no store at {commitwire.home}/tpyo/store yet; run a report first\n"
    checked = commitwire("check", "--data", "tpyo")
    assert f"ok     store: {commitwire.home}/tpyo/store will be made by the first report" in checked.lines
    assert not (commitwire.home / "tpyo").exists()


@pytest.mark.embedded
def test_check_says_how_things_are(told: Commitwire, commitwire: Commitwire) -> None:
    fine = told("check", "--data", told.data)
    assert [one.split()[:2] for one in fine.lines] == [
        ["ok", f"{name}:"] for name in ("configuration", "git", "disk", "rubric", "templates", "model", "log", "store")
    ]
    assert "12 commits, 1 reports" in fine.out
    (commitwire.data / "log").mkdir(parents=True)
    (commitwire.data / "log" / "log.sqlite").write_bytes(b"garbage" * 1000)
    wrong = commitwire("check", "--data", commitwire.data, code=2)
    (line,) = [one for one in wrong.lines if one.startswith("wrong")]
    assert line.startswith(f"wrong  log: {commitwire.data}/log/log.sqlite is damaged or no log of ours")


def test_check_looks_at_all_that_the_configuration_names(commitwire: Commitwire, repo: GitRepo) -> None:
    with_origin(repo)
    (commitwire.home / "templates").mkdir()
    (commitwire.home / "templates" / "high.md.j2").write_text("{{ title }}")
    file = commitwire.home / "commitwire.toml"
    keys = 'templates = "templates"\nrepos = ["../rocket", "https://u:sesame@git.example.org/o/v.git", "-"]\n'
    file.write_text(keys)
    fine = commitwire("check", "--data", commitwire.data)
    assert f"templates: shipped, but high.md.j2 from {commitwire.home}/templates" in fine.out
    assert f"ok     repository {commitwire.home}/../rocket: github.com/acme/rocket in {repo.path}" in fine.lines
    assert "ok     repository https://***@git.example.org/o/v.git: git.example.org/o/v, mirrored by" in fine.out
    assert "sesame" not in fine.out

    (commitwire.home / "templates" / "high.md.j2").write_text("{% if %}")
    file.write_text(keys.replace("../rocket", "gone") + 'rubric = "none.toml"\n')
    wrong = commitwire("check", "--data", commitwire.data, code=2)
    (rubric, templates, gone) = [one for one in wrong.lines if one.startswith("wrong")]
    assert rubric.startswith(f"wrong  rubric: the rubric {commitwire.home}/none.toml cannot be read")
    assert templates.startswith(
        f"wrong  templates: the template {commitwire.home}/templates/high.md.j2, line 1 is faul"
    )
    assert gone.startswith(f"wrong  repository {commitwire.home}/gone: {commitwire.home}/gone is no directory")


def test_check_looks_at_the_profile_and_at_the_prompts(commitwire: Commitwire) -> None:
    file = commitwire.home / "commitwire.toml"
    keys = 'profile = "nope"\nprompts = "none"\n'
    file.write_text(keys)
    (rubric,) = wrongs(commitwire)
    assert rubric.startswith("wrong  rubric: the rubric has no profile 'nope'; it has default")
    file.write_text(f'{keys}[[endpoints]]\nurl = "http://127.0.0.1:9/v1"\n')
    prompts = wrongs(commitwire)[1]
    assert prompts.startswith("wrong  model: the prompt ")
    assert f"cannot be read in {commitwire.home}/none" in prompts


def wrongs(commitwire: Commitwire) -> list[str]:
    return [line for line in commitwire("check", "--data", commitwire.data, code=2).lines if line.startswith("wrong")]


@pytest.mark.embedded
def test_a_relative_data_directory_holds_everything(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("fix: this", {"a.py": "1\n"}, when=utc("2026-02-11 10:00"))
    commitwire("report", repo.path.as_uri(), "--tz", "UTC", "--data", "mine", "--out", "reports")
    assert {path.name for path in (commitwire.home / "mine").iterdir()} == {"log", "mirrors", "store"}
    assert len(list((commitwire.home / "mine" / "mirrors").iterdir())) == 1
    assert {path.name for path in commitwire.home.iterdir()} == {"clock", "mine", "reports"}


def test_sql_writes_json_that_every_program_reads(told: Commitwire) -> None:
    sql = "SELECT 0/0 AS a, [1/0, 2.5] AS b, (-1/0, 'x') AS c, map(toDate('2026-02-11'), 0/0) AS d"
    assert told.sql(sql) == [{"a": None, "b": [None, 2.5], "c": [None, "x"], "d": {"2026-02-11": None}}]


def test_schemas_version_and_help(commitwire: Commitwire) -> None:
    printed = json.loads(commitwire("schemas").out)
    assert "commitwire.CommitObserved.v1" in printed
    written = commitwire("schemas", "--out", "schemas").lines
    assert {Path(file).stem for file in written} == set(printed)
    assert json.loads((commitwire.home / written[0]).read_text())["type"] == "object"
    assert commitwire("--version").out.startswith("commitwire 0.")
    text = " ".join(commitwire("report", "--help").out.split())
    assert "[[host/]owner/name=]PATH_OR_URL" in text
    assert "Exit codes: 0 all well" in text
    assert "If several hold, the first of 1, 2, 3, 4." in text
