"""Workers on servers, and commands beside them: whoever does the work, it is the same work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.agents.llm.endpoint import serving
from tests.checker import faults
from tests.cli.scene import utc
from tests.cli.service import Running, running
from tests.commitwire import Commitwire
from tests.configured import by_environment, by_models
from tests.gitrepo import GitRepo
from tests.servers.brokers import new_namespace
from tests.servers.clickhouse import ClickHouse, fresh_database
from tests.servers.kafka import Kafka

pytestmark = pytest.mark.embedded  # these have servers of their own, and run once

YESTERDAY, TODAY = "2026-02-11", "2026-02-12"
WHOLE = ("analyzers,scorers,store,windows,reports",)
SPLIT = ("analyzers", "scorers", "store", "windows,reports")


@pytest.fixture
def home(commitwire: Commitwire, kafka: Kafka, clickhouse: ClickHouse) -> Commitwire:
    """One whose programs share a broker and a store."""
    commitwire.environment |= {
        "COMMITWIRE_BROKER": new_namespace(kafka),
        "COMMITWIRE_STORE": clickhouse.url(fresh_database()),
        "COMMITWIRE_PARTITIONS": "2",
        "COMMITWIRE_SESSION_SECONDS": "6",
        "COMMITWIRE_EVERY_SECONDS": "0.2",
        "COMMITWIRE_ZONE": "UTC",
        "COMMITWIRE_LISTEN": "",
    }
    return commitwire


@pytest.fixture
def worked(repo: GitRepo) -> GitRepo:
    """A repository with three commits of yesterday and one of today."""
    for n in range(3):
        repo.commit(f"fix: stage {n}", {f"src/{n}.py": f"n = {n}\n" * 20}, when=utc(f"{YESTERDAY} 1{n}:00"))
    repo.commit("fix: of today", {"src/a.py": "a = 2\n" * 20}, when=utc(f"{TODAY} 05:00"))
    return repo


@contextmanager
def workers(home: Commitwire, *parts: str) -> Iterator[list[Running]]:
    """One worker for each of these, once they run; their files go to `theirs`."""
    with ExitStack() as stack:
        place = ("--data", home.data, "--out", home.home / "theirs")
        hired = [stack.enter_context(running(home, "worker", "--only", part, *place)) for part in parts]
        for one in hired:
            one.says("worker is running")
        yield hired


def languages(home: Commitwire) -> dict[str, int]:
    """How many commits a model has analyzed in each language."""
    rows = home.sql("SELECT language, uniqExact(sha) AS n FROM v_analyses WHERE depth != 'static' GROUP BY language")
    return {row["language"]: row["n"] for row in rows}


def rounds(home: Commitwire) -> dict[str, int]:
    """Of the last analysis by a model of each commit."""
    rows = home.sql("SELECT sha, max(round) AS last FROM v_analyses WHERE depth != 'static' GROUP BY sha")
    return {row["sha"]: int(row["last"]) for row in rows}


def test_a_command_leaves_the_work_to_workers(home: Commitwire, worked: GitRepo) -> None:
    """It asks no model, but they do; in the language of the report, also where the day is not over."""
    with serving() as endpoint:
        by_environment(home, endpoint.url)
        with workers(home, *WHOLE) as hired:
            said = home.report(f"acme/rocket={worked.path}", "--date", TODAY, "--lang", "en", "--no-llm")
            assert len(said.lines) == 2
            assert languages(home) == {"en": 1}
            assert by_models(home, TODAY) == 1
            home.report(f"acme/rocket={worked.path}", "--date", YESTERDAY, "--name", "other")
            assert languages(home) == {"en": 4, "zh-CN": 3}
            assert (home.home / "theirs" / "other" / f"{YESTERDAY}.json").exists()
            assert [one.stop() for one in hired] == [0]
    assert faults(home, worked, YESTERDAY, name="other") == []


def test_a_replay_waits_for_what_workers_do(home: Commitwire, worked: GitRepo) -> None:
    days = ("--since", YESTERDAY, "--until", YESTERDAY)
    with serving("--latency", "0.5") as endpoint:
        by_environment(home, endpoint.url)
        home.report(f"acme/rocket={worked.path}", "--date", YESTERDAY)
        before = rounds(home)
        with workers(home, *WHOLE):
            said = home("replay", *days, "--model", "mine", "--data", home.data, "--out", home.out, code=2)
            assert "workers analyze and score here, as they are configured" in said.err
            home.environment["COMMITWIRE_MODEL"] = "another"
            home("replay", *days, "--data", home.data, "--out", home.out)
        after = rounds(home)
        assert len(after) == 3
        assert all(after[sha] > before[sha] for sha in after)


@pytest.mark.parametrize("parts", [WHOLE, SPLIT], ids=["one worker", "a worker for each part"])
def test_what_is_owed_is_paid_by_workers(home: Commitwire, worked: GitRepo, parts: tuple[str, ...]) -> None:
    with serving("--faults", "403:1.0") as endpoint:
        by_environment(home, endpoint.url)
        ingest = ("ingest", f"acme/rocket={worked.path}", "--data", home.data)
        with workers(home, *parts) as hired, running(home, *ingest) as ingesting:
            file = home.home / "theirs" / "daily" / f"{YESTERDAY}.json"

            def told(of: str) -> int:
                return int(json.loads(file.read_text())["coverage"][of])

            ingesting.until(file.exists)
            assert told("owed") == 3
            debts = home("owed", "list", "--json", "--data", home.data).lines
            assert len(debts) == 4  # today's, too
            sha = json.loads(debts[-2])["commit"]  # the oldest may be with the model already
            home("owed", "forgive", sha, "--data", home.data, "--out", home.out)
            assert sha not in home("owed", "list", "--json", "--data", home.data).out
            endpoint.control(faults="")
            home.now = "2026-02-13T09:00:00+00:00"
            home.tell_time()
            ingesting.until(lambda: told("owed") == 0)
            assert told("forgiven") == 1
            assert [one.stop() for one in (ingesting, *hired)] == [0] * (1 + len(parts))
