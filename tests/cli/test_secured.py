"""A broker that asks for a user, over TLS with an authority of its own: what is said to it, and to people."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.cli.scene import utc
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo
from tests.servers.kafka import Kafka

pytestmark = pytest.mark.embedded  # it has a broker of its own

DAY = "2026-02-11"
PASSWORD = "S3cret@us"


@pytest.fixture(scope="module")
def guarded(apache_kafka: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("guarded"), users={"app": PASSWORD}) as kafka:
        yield kafka


@pytest.fixture(params=["&mechanism=PLAIN", ""], ids=["PLAIN", "SCRAM-SHA-512 as nothing is said"])
def home(request: pytest.FixtureRequest, commitwire: Commitwire, guarded: Kafka, repo: GitRepo) -> Commitwire:
    options = f"?ca={guarded.certificate}{request.param}"
    repo.commit("docs: of a day", {"a.md": DAY}, when=utc(f"{DAY} 10:00"))
    commitwire.environment |= {
        "PASSWORD": PASSWORD,
        "COMMITWIRE_BROKER": f"kafka://app:${{PASSWORD}}@{guarded.tls}/test{uuid.uuid4().hex[:12]}{options}",
    }
    return commitwire


def test_everything_that_reads_and_writes_gets_in(home: Commitwire, repo: GitRepo) -> None:
    home.report(repo.path, "--date", DAY)
    assert home("subscribe", "--once", "--data", home.data).lines == [
        f"daily {DAY} r1: 1 commits (0 high, 0 medium, 1 low), 0 owed"
    ]
    (commit,) = home("topics", "tail", "commits", "--from-start", "--json", "--data", home.data).lines
    assert "docs: of a day" in commit
    assert home("dead-letters", "--data", home.data).lines == []


@pytest.mark.parametrize("command", [("report",), ("subscribe", "--once"), ("topics",), ("check",)])
def test_whoever_does_not_know_the_password_is_told_so_without_it(
    home: Commitwire, repo: GitRepo, command: tuple[str, ...]
) -> None:
    home.environment["PASSWORD"] = "guessed-it"
    where = (repo.path,) if command == ("report",) else ()
    said = home(*command, *where, "--data", home.data, code=None)
    assert (said.code, "Authentication failed" in said.err) == (2 if command == ("check",) else 1, True)
    assert "guessed-it" not in said.out + said.err
