"""Commands that cannot be done: one sentence says what is wrong and what to do, and nothing is begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.scene import titles, utc
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo

OPTIONS = {
    "zone": (["--tz", "Mars/Base"], "--tz: there is no time zone 'Mars/Base'; write a name such as Asia/Shanghai"),
    "date": (["--date", "2026-02-30"], "--date: '2026-02-30' is no date; write YYYY-MM-DD"),
    "date without hyphens": (["--date", "20260301"], "--date: '20260301' is no date; write YYYY-MM-DD"),
    "date by week": (["--since", "2026-W10-1"], "--since: '2026-W10-1' is no date; write YYYY-MM-DD"),
    "date and since": (["--date", "2026-02-11", "--since", "2026-02-10"], "--date goes without --since and --until"),
    "since": (["--since", "2026-02-11", "--until", "2026-02-10"], "--since 2026-02-11 is after --until 2026-02-10"),
    "dash alone": (["-"], "the REPO `-` goes with --jsonl FILE"),
    "file alone": (
        [".", "--jsonl", "x.jsonl"],
        "--jsonl goes with the REPO `-`; write it beside the other repositories",
    ),
    "format": (["--format", "md,pdf"], "--format: pdf is no format; write md, json or both"),
    "no format": (["--format", ","], "--format: nothing is no format"),
    "language": (["--lang", "fr"], "--lang: 'fr' is no language of the reports; write zh-CN or en"),
    "name": (["--name", "../up"], "--name: '../up' cannot name a report; use letters, digits, dots, hyphens"),
    "no configuration": (["--config", "none.toml"], "there is no configuration file none.toml"),
}
SOURCES = {
    "no directory": (["/does/not/exist"], "/does/not/exist is no directory; give the path of a git clone, or its URL"),
    "no repository": (["."], "/home is no git repository (not a git repository"),
    "no name": (["rocket=."], "'rocket' is no repository name; write owner/name or host/owner/name"),
    "no path": (["acme/rocket="], "a repository is missing: give its path or URL"),
    "no file": (["-", "--jsonl", "none.jsonl"], "/none.jsonl cannot be read: No such file or directory"),
}


@pytest.mark.parametrize(("arguments", "sentence"), OPTIONS.values(), ids=OPTIONS)
def test_an_option_that_means_nothing(commitwire: Commitwire, arguments: list[str], sentence: str) -> None:
    result = commitwire.report(*arguments, code=2)
    assert result.err.startswith(f"commitwire: {sentence}")
    assert (result.err.count("\n"), result.out) == (1, "")
    assert not commitwire.data.exists()


@pytest.mark.parametrize(("arguments", "sentence"), SOURCES.values(), ids=SOURCES)
def test_a_source_that_is_none(commitwire: Commitwire, arguments: list[str], sentence: str) -> None:
    result = commitwire.report(*arguments, code=2)
    assert result.err.startswith("commitwire: ")
    assert sentence in result.err
    assert (result.err.count("\n"), result.out) == (1, "")
    assert not commitwire.out.exists()


def test_what_a_repository_does_not_have(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("fix: this", when=utc("2026-02-11 10:00"))
    branch = commitwire.report(repo.path, "--branch", "nothing", code=2)
    assert branch.err == "commitwire: local/rocket has no branch 'nothing'; it has main\n"
    future = commitwire.report(repo.path, "--date", "2026-02-13", code=2)
    assert future.err == "commitwire: --date: 2026-02-13 has not begun in UTC; today is 2026-02-12 there\n"
    until = commitwire.report(repo.path, "--since", "2026-02-11", "--until", "2026-02-13", code=2)
    assert until.err.startswith("commitwire: --until: 2026-02-13 has not begun in UTC")
    twice = commitwire.report(repo.path, f"{repo.path}/", code=2)
    assert twice.err == ("commitwire: two of the repositories are local/rocket (main); name one: owner/name=PATH\n")
    assert not commitwire.out.exists()


def test_an_empty_repository_has_no_commits(commitwire: Commitwire, repo: GitRepo) -> None:
    result = commitwire.report(repo.path, "--lang", "en")
    assert [line.rpartition("/")[2] for line in result.lines] == ["2026-02-12.en.md", "2026-02-12.json"]
    assert titles(commitwire.event("2026-02-12")) == []
    assert "No commits so far." in commitwire.markdown("2026-02-12", "en")
    repo.commit("fix: the first", when=utc("2026-02-12 05:00"))
    commitwire.report(repo.path, "--lang", "en")
    assert titles(commitwire.event("2026-02-12")) == ["fix: the first"]


@pytest.mark.embedded
@pytest.mark.parametrize("address", ["bogus", "localhost:99999"])
def test_an_address_at_which_nobody_can_listen(commitwire: Commitwire, repo: GitRepo, address: str) -> None:
    result = commitwire("up", repo.path, "--listen", address, "--data", commitwire.data, code=2)
    assert result.err == (
        f"commitwire: --listen: {address!r} is no address; write HOST:PORT with a port from 0 to 65535\n"
    )
    assert not commitwire.data.exists()


@pytest.mark.embedded
def test_no_repositories_are_a_mistake(commitwire: Commitwire) -> None:
    (commitwire.home / "commitwire.toml").write_text("repos = []\n")
    for arguments in (("up",), ("report",), ("check",)):
        result = commitwire(*arguments, code=2)
        assert result.err.startswith("commitwire: commitwire.toml: repos: a repository is missing: give at least one")


@pytest.mark.embedded
def test_configuration_says_which_key_is_wrong(commitwire: Commitwire, tmp_path: Path) -> None:
    file = commitwire.home / "commitwire.toml"
    file.write_text('zones = "UTC"\n')
    unknown = commitwire.report(code=2)
    assert unknown.err.startswith("commitwire: commitwire.toml: zones: there is no such key; known keys: data,")
    file.write_text("zone = UTC\n")
    assert commitwire.report(code=2).err.startswith("commitwire: commitwire.toml cannot be read: Invalid value")
    file.write_text('store = "clickhouse://u:${NO_SUCH_VARIABLE}@h/db"\n')
    assert "commitwire.toml: the variable NO_SUCH_VARIABLE is not set" in commitwire("check", code=2).err
    file.unlink()
    commitwire.environment["COMMITWIRE_REVISE_DAYS"] = "many"
    assert commitwire.report(code=2).err.startswith("commitwire: the variable COMMITWIRE_REVISE_DAYS: revise_days: ")
