"""How busy 1, 2 and 4 workers keep their slots with a slow model, on Apache Kafka and a ClickHouse server.

python -m benchmarks.slots [--commits 480] [--slots 8]

Each worker asks an endpoint of its own, which answers after 1 s ± 30 %. A share counts from the time when a worker has
filled its slots until the last of its partitions empty them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.measure import main
from benchmarks.models import LATENCY, Watcher, build, in_flight
from tests.agents.llm.endpoint import Serving, serving
from tests.gitrepo import GitRepo
from tests.servers.clickhouse import ClickHouse, fresh_database
from tests.servers.kafka import Kafka
from tests.servers.process import ServerProcess

WORKERS = (1, 2, 4)
SECONDS = 600
_LOOK_SECONDS = 0.2
COMMAND = (sys.executable, "-c", "from streams.cli import main; main()")


def busy(repo: GitRepo, commits: int, slots: int, workers: int, home: Path, places: dict[str, str]) -> list[float]:
    """The share of each worker's slots that was in use."""
    with ExitStack() as stack:
        endpoints = [stack.enter_context(serving(*LATENCY)) for _ in range(workers)]
        watchers = [Watcher(endpoint) for endpoint in endpoints]
        for number, endpoint in enumerate(endpoints):
            model = {"OPENAI_BASE_URL": endpoint.url, "OPENAI_API_KEY": "k", "COMMITWIRE_SLOTS": str(slots)}
            log = home / f"worker{number}.log"
            _run(stack, ["worker", "--out", str(home / "out")], log, places | model)
            _until(partial(_is_running, log))
        for watcher in watchers:
            stack.enter_context(watcher.watching())
        _run(stack, ["ingest", f"acme/rocket={repo.path}", "--data", str(home)], home / "ingest.log", places)
        _until(lambda: _answered(endpoints) >= commits)
    return [in_flight(watcher.samples, slots) / slots for watcher in watchers]


def _run(stack: ExitStack, words: list[str], log: Path, environment: dict[str, str]) -> None:
    process = ServerProcess([*COMMAND, *words], log, environment)
    process.start()
    stack.callback(process.kill)


def _is_running(log: Path) -> bool:
    return log.exists() and "worker is running" in log.read_text()


def _answered(endpoints: list[Serving]) -> int:
    return sum(endpoint.count("requests") - endpoint.stats()["in_flight"] for endpoint in endpoints)


def _until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not there():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(_LOOK_SECONDS)


def measure(commits: int = 480, slots: int = 8) -> str:
    """The least of the shares for each number of workers; own commits, one run each."""
    found = []
    with tempfile.TemporaryDirectory() as folder, Kafka(Path(folder, "kafka")) as kafka:
        repo = build(Path(folder, "repo"), commits)
        with ClickHouse(Path(folder, "clickhouse")) as clickhouse:
            for workers in WORKERS:
                home = Path(folder, f"home{workers}")
                home.mkdir()
                (home / "clock").write_text("2026-02-12T06:00:00+00:00")
                places = {
                    "COMMITWIRE_BROKER": f"kafka://{kafka.bootstrap}/slots{workers}",
                    "COMMITWIRE_STORE": clickhouse.url(fresh_database()),
                    "COMMITWIRE_PARTITIONS": "8",
                    "COMMITWIRE_ZONE": "UTC",
                    "COMMITWIRE_LISTEN": "",
                    "COMMITWIRE_CLOCK": str(home / "clock"),
                }
                found.append((workers, min(busy(repo, commits, slots, workers, home, places))))
    shares = ", ".join(f"{share:.2f} with {workers}" for workers, share in found)
    return f"{shares} workers of {slots} slots (the least busy one; {commits} commits)"


if __name__ == "__main__":
    main(measure, __doc__)
