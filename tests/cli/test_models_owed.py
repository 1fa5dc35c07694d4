"""Endpoints that are gone for days, budgets that run out, people who do not wait: what is owed, paid and forgiven."""

from __future__ import annotations

import json
import signal
import subprocess
import time

from tests.agents.llm.endpoint import Serving, serving
from tests.checker import faults
from tests.cli.scene import unnamed, utc
from tests.cli.test_interrupt import assert_interrupted, started
from tests.commitwire import Commitwire
from tests.configured import by_environment, by_models, coverage
from tests.gitrepo import GitRepo

DAYS = ("2026-02-09", "2026-02-10", "2026-02-11")
PER_DAY = 3
CALLS_A_DAY = 20
SECONDS = 60


def commit(repo: GitRepo, day: str, count: int = PER_DAY) -> None:
    for n in range(count):
        files: dict[str | bytes, str] = {f"src/stage{n}.py": f"day = '{day}'\nnumber = {n}\n" * 20}
        repo.commit(f"fix: stage {n} of {day}", files, when=utc(f"{day} 1{n}:00"))


def revisions(home: Commitwire) -> dict[str, int]:
    return {day: home.event(day)["revision"] for day in DAYS}


def test_three_days_without_an_endpoint_are_paid_for_afterwards(commitwire: Commitwire, repo: GitRepo) -> None:
    asked = f"acme/rocket={repo.path}"
    with serving("--faults", "403:1.0") as endpoint:
        by_environment(commitwire, endpoint.url)
        for day in DAYS:
            commit(repo, day)
            before = endpoint.count("requests")
            for hour in ("12:30", "23:00"):
                commitwire.now = f"{day}T{hour}:00+00:00"
                commitwire.report(asked, "--since", DAYS[0], "--until", day)
            assert 0 < endpoint.count("requests") - before < CALLS_A_DAY
            assert coverage(commitwire, day)["owed"] == PER_DAY
            assert faults(commitwire, repo, day) == []
            assert "⚠️ 欠分析" in commitwire.markdown(day)
        in_debt = revisions(commitwire)
        assert len(commitwire("owed", "list", "--json", "--data", commitwire.data).lines) == PER_DAY * len(DAYS)

        endpoint.control(faults="", reset_stats=True)
        commitwire.now = "2026-02-12T09:00:00+00:00"
        paid = commitwire("owed", "pay", "--data", commitwire.data, "--out", commitwire.out)
        stats = endpoint.stats()
    names = {line.rpartition("/")[2] for line in paid.lines}
    assert names == {f"{day}.{kind}" for day in DAYS for kind in ("json", "zh-CN.md")}
    assert revisions(commitwire) == {day: number + 1 for day, number in in_debt.items()}
    assert [(by_models(commitwire, day), coverage(commitwire, day)["owed"]) for day in DAYS] == [(PER_DAY, 0)] * 3
    assert [fault for day in DAYS for fault in faults(commitwire, repo, day)] == []
    assert stats["asked_after_a_good_answer"] == 0
    (rows,) = commitwire.sql(
        "SELECT count() AS calls, uniqExact(sha) AS commits FROM v_calls WHERE outcome = 'good' AND depth != ''"
    )
    assert int(rows["commits"]) == PER_DAY * len(DAYS)
    assert commitwire("owed", "list", "--json", "--data", commitwire.data).lines == []
    assert unnamed(commitwire) == set()


def test_a_debt_that_is_forgiven_is_not_asked_for_again(commitwire: Commitwire, repo: GitRepo) -> None:
    day = DAYS[-1]
    commit(repo, day)
    with serving("--faults", "403:1.0") as endpoint:
        by_environment(commitwire, endpoint.url)
        commitwire.report(f"acme/rocket={repo.path}")
        first, *others = commitwire("owed", "list", "--json", "--data", commitwire.data).lines
        assert len(others) == PER_DAY - 1
        places = ("--data", commitwire.data, "--out", commitwire.out)
        commitwire("owed", "forgive", json.loads(first)["commit"], *places)
        assert len(commitwire("owed", "list", "--json", "--data", commitwire.data).lines) == PER_DAY - 1
        forgiven = commitwire("owed", "forgive", "--all", *places)
        assert [line.rpartition("/")[2] for line in forgiven.lines] == [f"{day}.zh-CN.md", f"{day}.json"]
        said = coverage(commitwire, day)
        assert (said["owed"], said["forgiven"], said["commits"]) == (0, PER_DAY, PER_DAY)
        revision = commitwire.event(day)["revision"]

        endpoint.control(faults="", reset_stats=True)
        commitwire.now = "2026-02-12T18:00:00+00:00"
        commitwire.report(f"acme/rocket={repo.path}")
        assert endpoint.count("requests") == 0
    assert commitwire.event(day)["revision"] == revision
    assert faults(commitwire, repo, day) == []
    assert unnamed(commitwire) == set()


def test_as_a_budget_runs_out_analyses_become_shallower_and_then_owed(commitwire: Commitwire, repo: GitRepo) -> None:
    day, budget = DAYS[-1], 9_000
    commit(repo, day, 9)
    with serving() as endpoint:
        by_environment(commitwire, endpoint.url, budget_tokens=budget, slots=1)
        commitwire.report(f"acme/rocket={repo.path}")
    said = coverage(commitwire, day)
    assert said["owed"] > 0
    assert said["shallower"] > 0
    assert by_models(commitwire, day) + said["owed"] == 9
    assert faults(commitwire, repo, day) == []
    assert "⚠️ 欠分析" in commitwire.markdown(day)
    (spent,) = commitwire.sql("SELECT sum(tokens) AS tokens, uniqExact(depth) AS depths FROM v_calls")
    assert int(spent["tokens"]) <= budget
    assert int(spent["depths"]) > 1

    with serving() as endpoint:
        by_environment(commitwire, endpoint.url, budget_tokens=budget, slots=1)
        commitwire.report(f"acme/rocket={repo.path}")
        assert endpoint.count("requests") == 0, "the budget of the day stays used up"
        commitwire.now = "2026-02-13T06:00:00+00:00"
        commitwire("owed", "pay", "--data", commitwire.data, "--out", commitwire.out)
        assert endpoint.count("requests") > 0


def in_flight(endpoint: Serving) -> None:
    """Wait until a question hangs."""
    end = time.monotonic() + SECONDS
    while not endpoint.stats()["in_flight"]:
        assert time.monotonic() < end, "nobody asked"


def test_an_interruption_while_questions_hang(commitwire: Commitwire, repo: GitRepo) -> None:
    commit(repo, DAYS[-1])
    with serving("--faults", "hang:1.0") as endpoint:
        by_environment(commitwire, endpoint.url)
        with started(commitwire, "", f"acme/rocket={repo.path}") as process:
            in_flight(endpoint)
            process.send_signal(signal.SIGINT)
            try:
                assert_interrupted(process)
            except subprocess.TimeoutExpired:
                raise AssertionError("it waits for the model") from None
        endpoint.control(faults="")
        commitwire.report(f"acme/rocket={repo.path}")
    assert by_models(commitwire, DAYS[-1]) == PER_DAY
    assert faults(commitwire, repo, DAYS[-1]) == []
