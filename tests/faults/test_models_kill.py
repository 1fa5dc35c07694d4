"""A run that is killed while a slow model is asked: nothing is lost, and little is asked again."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from typing import Any

import pytest

from benchmarks.models import DAY, build
from tests.agents.llm.endpoint import serving
from tests.checker import faults
from tests.configured import by_environment
from tests.faults.conftest import REDUCED
from tests.faults.process import Process
from tests.faults.traces import View, views
from tests.gitrepo import GitRepo

pytestmark = pytest.mark.faults

KILLED = -signal.SIGKILL
COMMITS = 48
SLOTS = 4
HANDLED = 2 * SLOTS  # commits that are read, asked about or told of at one time
LATENCY = ("--latency", "0.2", "--jitter", "0.3")
# of the day's clock, which stands still, or of what the run that was killed had paid for
UNEQUAL = {"v_calls"}
OF_EFFORT = {"attempts", "tokens", "cost", "cached", "event", "digest"}

ALWAYS = [
    "stage.models.before_send:20",
    "stage.models.before_ack:9",
    "log.after_write:25",
    "store.between_tables:70",
    "store.after_report:1",
]
POINTS = [
    *ALWAYS,
    "stage.models.before_handle:1",
    "stage.models.before_handle:30",
    "stage.models.before_send:1",
    f"stage.models.before_send:{COMMITS}",
    "stage.models.before_ack:1",
    "stage.models.before_ack:33",
    "log.before_write:22",
    "log.before_write:40",
    "store.before_write:5",
    "store.after_write:6",
    "store.between_tables:50",
    "stage.scorers.before_send:4",
    "stage.scorers.before_ack:5",
    "stage.store.before_ack:5",
    "deliverer.after_files:1",
]


@dataclass(frozen=True)
class Whole:
    """A repository, what a run that nothing happened to left behind, and how many questions it asked."""

    repo: GitRepo
    rows: dict[str, View]
    report: str
    questions: int


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    home = Process(tmp_path_factory.mktemp("whole"))
    repo = build(home.home / "rocket", COMMITS)
    with serving(*LATENCY) as endpoint:
        run(home, repo, endpoint.url)
        questions = endpoint.count("requests")
    return Whole(repo, rows_of(home), home.markdown(DAY), questions)


def run(home: Process, repo: GitRepo, url: str, kill_at: str = "", *, code: int | None = 0) -> int:
    by_environment(home, url, slots=SLOTS, kill_at=kill_at)
    return home.report(f"acme/rocket={repo.path}", "--date", DAY, code=code).code


def rows_of(home: Process) -> dict[str, View]:
    """The rows of all views, without what a repeated question changes."""
    return {
        name: sorted((_without_effort(row) for row in rows), key=lambda row: json.dumps(row, sort_keys=True))
        for name, rows in views(home).items()
        if name not in UNEQUAL
    }


def _without_effort(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in OF_EFFORT}


@pytest.mark.parametrize("point", ALWAYS if REDUCED else POINTS)
def test_a_run_killed_while_a_model_is_asked_is_finished_by_the_next(
    point: str, whole: Whole, commitwire: Process
) -> None:
    with serving(*LATENCY) as endpoint:
        assert run(commitwire, whole.repo, endpoint.url, point, code=None) == KILLED, f"{point} was not reached"
        run(commitwire, whole.repo, endpoint.url)
        questions, stats = endpoint.count("requests"), endpoint.stats()
    assert stats["distinct_titles"] == COMMITS
    assert questions <= whole.questions + HANDLED
    assert stats["asked_after_a_good_answer"] <= HANDLED
    found = rows_of(commitwire)
    assert [name for name in whole.rows if found[name] != whole.rows[name]] == []
    assert commitwire.markdown(DAY) == whole.report
    assert faults(commitwire, whole.repo, DAY) == []
