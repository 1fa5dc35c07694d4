"""A day of about 50 commits from process start to files, against the least that anything like it must do:
a script that imports faust, opens an embedded store, makes 6 inserts and 4 selects, plus the bare reading of git.

    python -m benchmarks.one_day REPOSITORY [--commits 50] [--repetitions 5]
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

from benchmarks.measure import Cost, best, cost, git, main
from benchmarks.pipeline import report, shas_of

LEAST = """
import os, sys, faust
os.environ["TZ"] = "UTC"
import clickhouse_connect
app = faust.App("least", broker="memory://", web_enabled=False)
client = clickhouse_connect.get_client(dsn=f"chdb://{sys.argv[1]}/store")
client.command("CREATE TABLE t (a UInt32, b String) ENGINE = ReplacingMergeTree ORDER BY a")
for n in range(6):
    client.insert("t", [[i, "x" * 100] for i in range(50)], column_names=["a", "b"])
for n in range(4):
    client.query("SELECT * FROM t FINAL")
client.close()
"""


def busy_day(repository: Path, commits: int) -> date:
    """The day whose number of commits is nearest to the one asked for."""
    counts = Counter(git(repository, "log", "--date=format-local:%Y-%m-%d", "--format=%cd").split())
    return date.fromisoformat(min(counts, key=lambda day: (abs(counts[day] - commits), day)))


def least() -> Cost:
    with tempfile.TemporaryDirectory() as home:
        return cost([sys.executable, "-c", LEAST, home])


def reading(repository: Path, day: date) -> Cost:
    """The bare reading of the day: finding its commits in the history and printing them with patches."""
    span = [f"--since-as-filter={day}T00:00:00Z", f"--until={day}T23:59:59Z"]
    return cost(["git", "-c", "safe.directory=*", "-C", str(repository), "log", "-p", "--numstat", *span])


def measure(repository: Path, repetitions: int = 5, commits: int = 50) -> str:
    """How many times the least, with what it comes from."""
    day = busy_day(repository, commits)
    shas = shas_of(repository, day, day)
    ours, script, git_log = best(
        repetitions, lambda: report(repository, day, day), least, lambda: reading(repository, day)
    )
    bound = script.seconds + git_log.seconds
    return (
        f"{len(shas)} commits of one day: {ours.seconds / bound:.2f} x the least script"
        f" ({ours.seconds:.1f} s against {script.seconds:.1f} + {git_log.seconds:.1f} s)"
    )


if __name__ == "__main__":
    main(measure, __doc__)
