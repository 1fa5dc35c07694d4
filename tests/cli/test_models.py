"""A report by a model: what stands in it, when a model is asked at all, and which one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.agents.llm.endpoint import Serving, serving
from tests.checker import faults
from tests.cli.scene import commit_of, counts, utc
from tests.commitwire import Commitwire
from tests.configured import by_environment, by_file, by_models, coverage, forgets_models
from tests.gitrepo import GitRepo

DAY = "2026-02-11"
COMMITS = 5


@pytest.fixture
def endpoint() -> Iterator[Serving]:
    with serving() as running:
        yield running


@pytest.fixture
def rocket(repo: GitRepo) -> str:
    """A day with a feature, fixes, documents and a merge; the argument that names it."""
    repo.commit("feat!: fly", {f"src/engine{n}.py": f"thrust = {n}\n" * 90 for n in range(4)}, when=at(9))
    repo.branch("topic")
    repo.commit("fix: the valve leaks", {"src/valve.py": "closed = True\n" * 12}, when=at(10))
    repo.commit("docs: explain the count", {"docs/count.md": "Ten, nine, …\n"}, when=at(11), branch="topic")
    repo.merge("topic", title="Merge topic", files={"docs/count.md": "Ten, nine, …\n"}, when=at(12))
    repo.commit("test: count down", {"tests/test_count.py": "assert 10 > 9\n" * 5}, when=at(13))
    return f"acme/rocket={repo.path}"


def at(hour: int) -> int:
    return int(utc(f"{DAY} {hour:02}:00").timestamp())


def test_a_model_analyzes_every_commit_once(
    commitwire: Commitwire, endpoint: Serving, repo: GitRepo, rocket: str
) -> None:
    by_environment(commitwire, endpoint.url)
    commitwire.report(rocket)
    assert faults(commitwire, repo, DAY) == []
    said = coverage(commitwire, DAY)
    assert (said["commits"], said["owed"], said["failed"], said["missing"]) == (COMMITS, 0, 0, 0)
    assert by_models(commitwire, DAY) == COMMITS - 1, "of merges no model is asked"
    fix = commit_of(commitwire.event(DAY), "fix: the valve leaks")
    assert fix["effort"]["model"] == "test-model"
    assert len(fix["effort"]["prompt"]) >= 8
    assert "「fix: the valve leaks」的说明" in fix["analysis"]["summary"][0]["args"]["text"]

    asked, done, content = endpoint.count("requests"), counts(commitwire), commitwire.markdown(DAY)
    commitwire.report(rocket)
    assert (endpoint.count("requests"), counts(commitwire), commitwire.markdown(DAY)) == (asked, done, content)

    commitwire.report(rocket, "--name", "english", "--lang", "en")
    assert faults(commitwire, repo, DAY, "en", "english") == []
    assert "about the commit “fix: the valve leaks”" in commitwire.markdown(DAY, "en", "english")
    assert commitwire.event(DAY)["revision"] == 1, "what is said in English changes nothing in Chinese"


def test_a_day_that_was_reported_without_a_model_is_analyzed_again(
    commitwire: Commitwire, endpoint: Serving, repo: GitRepo, rocket: str
) -> None:
    commitwire.report(rocket)
    assert (commitwire.event(DAY)["revision"], by_models(commitwire, DAY)) == (1, 0)
    by_environment(commitwire, endpoint.url)
    commitwire.report(rocket)
    assert (commitwire.event(DAY)["revision"], by_models(commitwire, DAY)) == (2, COMMITS - 1)
    assert faults(commitwire, repo, DAY) == []

    forgets_models(commitwire)
    commitwire.report(rocket)
    assert (commitwire.event(DAY)["revision"], by_models(commitwire, DAY)) == (2, COMMITS - 1)


def test_a_model_is_asked_only_where_somebody_says_so(commitwire: Commitwire, endpoint: Serving, rocket: str) -> None:
    commitwire.environment["OPENAI_API_KEY"] = "sk-alone"
    alone = commitwire.report(rocket)
    assert "OPENAI_API_KEY is set, but no model is asked" in alone.err
    assert "sk-alone" not in alone.err
    by_environment(commitwire, endpoint.url)
    assert commitwire.report(rocket, "--no-llm").err == ""
    by_file(commitwire, llm=False)
    commitwire.report(rocket)
    assert endpoint.count("requests") == 0
    assert by_models(commitwire, DAY) == 0

    commitwire.report(rocket, "--llm")
    assert by_models(commitwire, DAY) == COMMITS - 1

    forgets_models(commitwire)
    by_file(commitwire, llm=True)
    lost = commitwire.report(rocket, code=2)
    assert "a model is wanted, but nothing says where" in lost.err


def test_the_next_endpoint_of_the_chain_takes_over(commitwire: Commitwire, rocket: str) -> None:
    with (
        serving("--faults", "403:1.0") as closed,
        serving("--api-key", "sk-second", "--models", "rocket-7b,rocket-70b") as well,
    ):
        first = {"name": "first", "url": closed.url, "key": "sk-first", "model": "rocket-1b"}
        second = {"name": "second", "url": well.url, "key": "${SECOND_KEY}"}
        commitwire.environment["SECOND_KEY"] = "sk-second"
        by_file(commitwire, first, second)
        commitwire.report(rocket)
        assert closed.count("requests") == 1, "after a permanent error nobody asks it for a minute"
    efforts = commitwire.sql("SELECT DISTINCT endpoint, model, outcome FROM v_calls ORDER BY endpoint")
    assert efforts == [
        {"endpoint": "first", "model": "rocket-1b", "outcome": "permanent"},
        {"endpoint": "second", "model": "rocket-7b", "outcome": "good"},
    ]
    assert (by_models(commitwire, DAY), coverage(commitwire, DAY)["owed"]) == (COMMITS - 1, 0)


def test_the_model_that_is_named_is_asked(commitwire: Commitwire, rocket: str) -> None:
    with serving("--models", "rocket-7b,rocket-70b") as endpoint:
        by_environment(commitwire, endpoint.url, model="rocket-70b")
        commitwire.report(rocket)
    assert coverage(commitwire, DAY)["by_analyzer"]["llm (rocket-70b)"] == COMMITS - 1


@pytest.mark.parametrize(
    "options",
    [
        ("--no-json-schema",),
        ("--no-json-schema", "--no-json-object"),
        ("--ignore-response-format",),
        ("--flavor", "vllm", "--no-json-schema", "--max-prompt-chars", "9000"),
    ],
    ids=" ".join,
)
def test_old_servers_need_no_configuration(commitwire: Commitwire, rocket: str, options: tuple[str, ...]) -> None:
    with serving(*options) as endpoint:
        by_environment(commitwire, endpoint.url)
        commitwire.report(rocket)
    assert (by_models(commitwire, DAY), coverage(commitwire, DAY)["owed"]) == (COMMITS - 1, 0)


def test_a_single_commit_finds_out_what_an_old_server_can_do(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("fix: the valve leaks", {"src/valve.py": "closed = True\n" * 12}, when=at(10))
    with serving("--ignore-response-format") as endpoint:
        by_environment(commitwire, endpoint.url)
        commitwire.report(f"acme/rocket={repo.path}")
    assert (by_models(commitwire, DAY), coverage(commitwire, DAY)["owed"]) == (1, 0)
