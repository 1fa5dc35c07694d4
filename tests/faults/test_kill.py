"""Nothing is lost: `commitwire report` is killed at named points and run again; nobody can tell afterwards."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from tests.commitwire import Commitwire
from tests.faults import history
from tests.faults.conftest import REDUCED, Undisturbed
from tests.faults.process import Process
from tests.faults.traces import Traces, traces
from tests.gitrepo import GitRepo

pytestmark = pytest.mark.faults

SEED = int(os.environ.get("FAULTS_SEED") or time.time())
KILLED = -signal.SIGKILL

# point -> at which of its passings: the first list always, the second unless FAULTS=reduced
POINTS: dict[str, tuple[list[int], list[int]]] = {
    "migration.after_statement": ([5], [1, 16, 26]),
    "store.after_overflow": ([2], [1, 3]),
    "log.before_write": ([1, 12], [2, 4, 7, 15, 18]),
    "log.after_write": ([3], [1, 6, 9, 14, 17, 19]),
    "feed.after_batch": ([1], [2, 3]),
    "feed.before_seals": ([1], []),
    "run.sealed": ([1], []),
    "stage.analyzers.before_handle": ([1], [2]),
    "stage.analyzers.before_send": ([2], [1]),
    "stage.analyzers.before_ack": ([], [1, 2]),
    "stage.scorers.before_handle": ([], [1, 2]),
    "stage.scorers.before_send": ([1], [2]),
    "stage.scorers.before_ack": ([2], [1]),
    "stage.store.before_handle": ([2], [1, 3]),
    "stage.store.before_send": ([1], [2, 3]),
    "stage.store.before_ack": ([2], [1, 3]),
    "store.before_write": ([], [1, 2, 3]),
    "store.between_tables": ([4], [1, 2, 3, 5, 6, 7, 11, 18]),
    "store.after_write": ([1], [2, 3]),
    "stage.windows.before_handle": ([], [1, 2]),
    "stage.windows.before_send": ([1], [2]),
    "stage.windows.before_ack": ([2], [1]),
    "store.before_report": ([1], []),
    "store.after_report": ([1], []),
    "stage.deliveries.before_handle": ([1], []),
    "stage.deliveries.before_send": ([], [1]),
    "stage.deliveries.before_ack": ([1], []),
    "deliverer.before_files": ([], [1, 2, 3]),
    "deliverer.after_files": ([2], [1, 3]),
}
KILLS = [f"{name}:{n}" for name, (always, more) in POINTS.items() for n in (always if REDUCED else [*always, *more])]
# nothing sealed yet; sealed; published in the store only; published; files written
GROWING = [
    "feed.after_batch:2",
    "run.sealed:1",
    "store.after_report:1",
    "stage.deliveries.before_ack:1",
    "deliverer.after_files:2",
]
OF_COMMITS = [
    *("v_commits", "v_file_changes", "v_patches", "v_analyses", "v_best_analyses"),
    *("v_scores", "v_score_parts", "v_commit_tiers", "v_reverts"),
]


def command(repo: GitRepo) -> list[str]:
    return ["report", f"acme/rocket={repo.path}", *history.OPTIONS, "--tz", "UTC"]


def run(home: Commitwire, repo: GitRepo, kill_at: str = "", *, code: int | None = 0) -> int:
    """One run over the three days, killed at a point."""
    home.environment["COMMITWIRE_KILL_AT"] = kill_at
    return home.report(*command(repo)[1:], code=code).code


def assert_equal(found: Traces, expected: Traces) -> None:
    assert found.differences(expected) == []


def revisions(found: Traces) -> dict[str, int]:
    """The latest revision of each day."""
    rows = sorted((row["day"], row["revision"]) for row in found.views["v_reports"])
    return dict(rows)


def reported(home: Commitwire) -> list[str]:
    """The shas in the report files, as often as they stand there."""
    events = [home.event(day.isoformat()) for day in history.DAYS]
    sections = chain.from_iterable(event["sections"] for event in events)
    return sorted(commit["sha"] for section in sections for commit in section["commits"])


def of_the_days(repo: GitRepo) -> list[str]:
    """The shas that git itself dates on the three days."""
    rows = (row.split() for row in repo.git("log", "--format=%H %cs", "main").splitlines())
    days = {day.isoformat() for day in history.DAYS}
    return sorted(sha for sha, day in rows if day in days)


def test_the_undisturbed_run_is_right(undisturbed: Undisturbed) -> None:
    """What the others are compared with: every commit of git once in the store and once in the reports."""
    repo, found = undisturbed.repo, undisturbed.traces
    shas = of_the_days(repo)
    late = [row["sha"] for row in found.views["v_late_commits"]]
    assert len(shas) == 299
    assert len(late) == 3
    assert sorted(row["sha"] for row in found.views["v_commits"]) == sorted({*shas, *late})
    assert sorted(sha for row in found.views["v_seals"] for sha in row["shas"]) == shas
    assert reported(Commitwire(repo.path.parent)) == shas
    assert set(revisions(found).values()) == {1}
    assert len(found.views["v_reverts"]) == 3


@pytest.mark.parametrize("point", KILLS)
def test_a_run_killed_at_a_point_is_finished_by_the_next(
    point: str, undisturbed: Undisturbed, commitwire: Process
) -> None:
    assert run(commitwire, undisturbed.repo, point, code=None) == KILLED, f"{point} was not reached"
    run(commitwire, undisturbed.repo)
    assert_equal(traces(commitwire), undisturbed.traces)


@pytest.mark.parametrize("turn", range(1 if REDUCED else 8))
def test_a_run_killed_again_and_again_is_finished_by_the_last(
    turn: int, undisturbed: Undisturbed, commitwire: Process
) -> None:
    points = random.Random(SEED + turn).sample(KILLS, 5)
    print(f"FAULTS_SEED={SEED + turn}: {points}")  # noqa: T201 pytest shows it when the test fails
    ends = [run(commitwire, undisturbed.repo, point, code=None) for point in points]
    assert ends[0] == KILLED
    assert set(ends) <= {KILLED, 0}  # what was finished before is not passed again
    run(commitwire, undisturbed.repo)
    assert_equal(traces(commitwire), undisturbed.traces)


@pytest.mark.parametrize("turn", range(1 if REDUCED else 8))
def test_a_run_killed_at_any_moments_is_finished_by_the_last(
    turn: int, undisturbed: Undisturbed, commitwire: Process
) -> None:
    """Also in the middle of a write, where no point has a name."""
    moments = [random.Random(SEED + turn).uniform(0.5, undisturbed.seconds) for _ in range(4)]
    print(f"FAULTS_SEED={SEED + turn}: killed after {moments} s")  # noqa: T201 shown when the test fails
    for seconds in moments:
        commitwire.killed_after(seconds, *command(undisturbed.repo))
    run(commitwire, undisturbed.repo)
    assert_equal(traces(commitwire), undisturbed.traces)


def test_what_a_killed_run_left_among_the_reports_is_gone(undisturbed: Undisturbed, commitwire: Process) -> None:
    assert run(commitwire, undisturbed.repo, "deliverer.after_files:1", code=None) == KILLED
    folder = commitwire.out / "daily"
    half = (folder / f"{history.DAYS[0]}.json").rename(folder / f".{history.DAYS[0]}.json.0a1b.half")
    os.utime(half, (0, 0))
    run(commitwire, undisturbed.repo)
    assert_equal(traces(commitwire), undisturbed.traces)


def test_the_next_run_may_come_the_day_after(commitwire: Process, tmp_path: Path) -> None:
    """The days were sealed long ago then, and most of their commits still lie on the log: they are waited for."""
    repo = history.crowd(tmp_path / "crowd", 1_000)
    assert run(commitwire, repo, "run.sealed:1", code=None) == KILLED
    commitwire.now = "2026-02-13T09:00:00+00:00"
    run(commitwire, repo)
    assert reported(commitwire) == of_the_days(repo)
    assert set(revisions(traces(commitwire)).values()) == {1}


@pytest.fixture(scope="module")
def grown(undisturbed: Undisturbed, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The repository with more commits, and the traces of a run before they came and one after."""
    home = Process(tmp_path_factory.mktemp("grown"))
    repo = grow(undisturbed.repo, home.home / "rocket", between=lambda early: run(home, early))
    run(home, repo)
    return Undisturbed(repo, traces(home), undisturbed.seconds)


def grow(repo: GitRepo, path: Path, *, between: Callable[[GitRepo], object]) -> GitRepo:
    """A copy of the repository, to which commits are added after `between`."""
    shutil.copytree(repo.path, path)
    copy = GitRepo(path)
    between(copy)
    history.more(copy)
    return copy


@pytest.mark.parametrize("point", GROWING[1:4:2] if REDUCED else GROWING)
def test_commits_that_arrive_after_a_kill_are_neither_lost_nor_doubled(
    point: str, undisturbed: Undisturbed, grown: Undisturbed, commitwire: Process
) -> None:
    """Revisions and seals may be fewer: nobody was told of the days before. What they end with is the same."""
    killed = []
    repo = grow(
        undisturbed.repo,
        commitwire.home / "rocket",
        between=lambda early: killed.append(run(commitwire, early, point, code=None)),
    )
    assert killed == [KILLED]
    run(commitwire, repo)
    found = traces(commitwire)
    assert reported(commitwire) == of_the_days(repo)
    assert latest(commitwire) == latest(Process(grown.repo.path.parent))
    for view in OF_COMMITS:
        assert found.views[view] == grown.traces.views[view], view
    assert [row["shas"] for row in found.views["v_seals"]] == [row["shas"] for row in grown.traces.views["v_seals"]]
    assert set(revisions(found).values()) <= {1, 2}


def latest(home: Commitwire) -> list[dict[str, Any]]:
    """What the reports say, apart from what they say of their revisions."""
    events = [home.event(day.isoformat()) for day in history.DAYS]
    return [{key: event[key] for key in event.keys() - {"revision", "changes", "digest"}} for event in events]
