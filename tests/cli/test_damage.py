"""Data that is damaged, not ours, or in use by somebody else."""

from __future__ import annotations

import sqlite3

import pytest

from streams.store.directory import claim
from streams.transports.log import Log
from tests.cli.scene import utc
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo

pytestmark = pytest.mark.embedded


def test_a_log_that_is_damaged_or_of_another_program(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("fix: this", when=utc("2026-02-11 10:00"))
    file = commitwire.data / "log" / "log.sqlite"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"garbage" * 1000)
    result = commitwire.report(repo.path, code=1)
    assert result.err.startswith(f"commitwire: {file} is damaged or no log of ours")
    assert (result.err.count("\n"), result.out) == (1, "")
    assert commitwire("topics", "list", "--data", commitwire.data, code=1).err == result.err

    file.unlink()
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE recipes(name TEXT)")
    other.close()
    foreign = commitwire.report(repo.path, code=1)
    assert foreign.err == (
        f"commitwire: {file} is a database, but none of ours; move it away or name another directory\n"
    )


def test_a_store_that_is_of_another_program(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("fix: this", when=utc("2026-02-11 10:00"))
    (commitwire.data / "store").mkdir(parents=True)
    (commitwire.data / "store" / "thesis.txt").write_text("years of work")
    result = commitwire.report(repo.path, code=1)
    assert result.err == (
        f"commitwire: {commitwire.data}/store is no store of Commitwire (it holds 'thesis.txt'); "
        "give an empty directory, or one that does not exist yet\n"
    )
    assert [file.name for file in (commitwire.data / "store").iterdir()] == ["thesis.txt"]
    both = commitwire.report("/does/not/exist", code=None)
    assert (both.code in (1, 2), both.err.count("\n")) == (True, 1), "one thing wrong at a time"


def test_a_store_that_is_damaged(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("fix: this", {"a.py": "1\n"}, when=utc("2026-02-11 10:00"))
    commitwire.report(repo.path)
    for file in (commitwire.data / "store").rglob("*"):
        if file.name in ("data.bin", "columns.txt", "checksums.txt"):
            file.write_bytes(b"garbage")
    result = commitwire.report(repo.path, code=1)
    assert str(commitwire.data / "store") in result.err
    assert result.err.count("\n") == 1
    assert "restore" in result.err


def test_data_that_another_process_uses(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("fix: this", when=utc("2026-02-11 10:00"))
    commitwire.report(repo.path)
    log = Log(commitwire.data / "log")
    try:
        used = commitwire.report(repo.path, code=2)
        replay = commitwire("dead-letters", "replay", "--data", commitwire.data, code=2)
        assert "commitwire.commits" in commitwire("topics", "list", "--data", commitwire.data).out, "reading is free"
    finally:
        log.close()
    sentence = f"{commitwire.data}/log is in use by another process; stop it first or name another directory"
    assert used.err == replay.err == f"commitwire: {sentence}\n"

    claimed = claim(commitwire.data / "store")
    try:
        report = commitwire.report(repo.path, code=2)
        sql = commitwire("sql", "SELECT 1", "--data", commitwire.data, code=2)
    finally:
        claimed.release()
    unanswered = f" (nobody answers at {commitwire.data}/commitwire.sock)\n"
    assert sql.err == report.err.removesuffix("\n") + unanswered
    assert f"owns the store in {commitwire.data}/store" in report.err
    commitwire.report(repo.path)
