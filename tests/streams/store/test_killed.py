"""kill -9 anywhere while writing, then the same events again: nothing is lost, nothing is there twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from schemas.commits import CommitObserved
from streams.store.store import Store
from tests.streams.store import history
from tests.streams.store.memory import VIEWS, opened

pytestmark = pytest.mark.faults
ALL_VIEWS = (*VIEWS, "v_reports", "v_deliveries")


async def write(url: str) -> None:
    """Everything, in batches of 150."""
    store = await Store.open(url)
    events = history.events()
    for at in range(0, len(events), 150):
        await store.write(events[at : at + 150])
        print("durable", min(at + 150, len(events)), flush=True)  # noqa: T201
    for report in history.reports():
        await store.save_reports([report], {report.day: 1})
    await store.close()


def child(url: str, kill_at: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.streams.store.test_killed", url],
        env={**os.environ, "COMMITWIRE_KILL_AT": kill_at},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    url = f"chdb://{tmp_path_factory.mktemp('undisturbed') / 'store'}"
    asyncio.run(write(url))
    with opened(url) as memory:
        return memory.dump(views=ALL_VIEWS)


@pytest.mark.parametrize(
    "kill_at",
    [
        "store.before_write:2",
        "store.between_tables:11",
        "store.after_write:2",
        "store.before_report:2",
        "store.after_report:2",
    ],
)
def test_a_killed_writer_repeats_and_all_is_well(
    url: str, kill_at: str, undisturbed: dict[str, list[tuple[Any, ...]]]
) -> None:
    killed = child(url, kill_at)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    acknowledged = int(killed.stdout.split()[-1]) if killed.stdout else 0
    with opened(url) as memory:
        commits = {e.sha for e in history.events()[:acknowledged] if isinstance(e, CommitObserved)}
        assert commits <= {sha for (sha,) in memory.rows("SELECT sha FROM v_commits")}
    asyncio.run(write(url))
    with opened(url) as memory:
        assert memory.dump(views=ALL_VIEWS) == undisturbed


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
