"""Events that cannot be handled: the day closes without them, and people can look at them and put them back."""

from __future__ import annotations

import base64
import json

import pytest

from streams.transports.log import Log
from tests.cli.scene import titles, utc
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo

GARBAGE = b"\xff\x00 this is no event"


@pytest.mark.embedded
def test_undecodable_bytes_become_dead_letters_which_can_be_replayed(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("fix: one", {"a.py": "1\n"}, when=utc("2026-02-10 10:00"))
    commitwire.report(repo.path)
    assert commitwire("dead-letters", "list", "--data", commitwire.data).out == ""
    log = Log(commitwire.data / "log")
    log.append("commitwire.commits", b"who@knows", GARBAGE, {"ce_type": b"commitwire.CommitObserved.v1", "x": b"\xe9"})
    log.close()

    repo.commit("fix: two", {"a.py": "2\n"}, when=utc("2026-02-11 10:00"))
    result = commitwire.report(repo.path, code=4)
    assert "became dead letters; see `commitwire dead-letters`" in result.err
    assert titles(commitwire.event("2026-02-11")) == ["fix: two"], "its day closes"
    dead = commitwire("dead-letters", "list", "--data", commitwire.data).lines
    assert {one.split()[2] for one in dead} == {"analyzers", "store"}
    assert all("who@knows  Undecodable: this is no commitwire.CommitObserved.v1" in one for one in dead)
    assert commitwire.report(repo.path).err == "", "what is dead stays so"

    identity = dead[0].split()[0]
    shown = json.loads(commitwire("dead-letters", "show", identity, "--data", commitwire.data).out)
    assert base64.b64decode(shown["body"]) == GARBAGE
    assert (shown["topic"], shown["failed_key"], shown["encoding"]) == ("commitwire.commits", "who@knows", "base64")
    unknown = commitwire("dead-letters", "show", "0" * 12, "--data", commitwire.data, code=2)
    assert unknown.err.startswith("commitwire: there is no dead letter 000000000000;")

    assert commitwire("dead-letters", "replay", identity, "--data", commitwire.data).lines == [identity]
    waiting = commitwire("dead-letters", "list", "--data", commitwire.data).lines
    assert [one.split()[0] for one in waiting] == [dead[1].split()[0]]
    commitwire.report(repo.path, code=4)
    again = commitwire("dead-letters", "list", "--data", commitwire.data).lines
    assert sorted(one.split()[0] for one in again) == sorted(one.split()[0] for one in dead)
