"""All benchmarks in one run, written to docs/benchmarks.md: `make benchmarks ARGS="REPOSITORY"`.

The repository should have at least 10,000 commits; the published figures are of git's own.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import closing, kafka, memory, models, one_day, pace, pipeline, read_git, sink, slots
from benchmarks.measure import git, main

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"

HEAD = """# Benchmarks

<!-- made by `make benchmarks ARGS="REPOSITORY"` -->

Ratios within one run: machines are shared and noisy, absolute times prove nothing. Subjects take turns; the best of
each counts. Above 1 Commitwire is faster than the bound it is compared with, except for the day and for memory, which
are multiples of what they are compared with.

"""


def page(repository: Path) -> str:
    """The whole page."""
    rows: list[tuple[str, str, str, Callable[[], str]]] = [
        (
            "reading git (commits, files, patches) against `git log -p --numstat`",
            "≥ 0.8",
            "≥ 1.5",
            lambda: read_git.measure(repository),
        ),
        (
            "git to stored scores and report files against `git log -p --numstat`",
            "≥ 0.2",
            "≥ 0.5",
            lambda: pipeline.measure(repository),
        ),
        (
            "a day from process start to files against the least script",
            "≤ 2.5",
            "≤ 1.5",
            lambda: one_day.measure(repository),
        ),
        (
            "peak memory for 10,000 commits against 1,000",
            "≤ 1.15, < 900 MB",
            "–",
            lambda: memory.measure(repository),
        ),
        (
            "a slow model kept busy (1 s ± 30 %); peak memory for 4 times the commits",
            "≥ 0.9; ≤ 1.15",
            "–",
            models.measure,
        ),
        ("a limit of requests used; refused with headers, without", "≥ 95 %; < 2 %, < 10 %", "–", pace.measure),
        (
            "all topics on Apache Kafka against a bare aiokafka loop with the same agents",
            "≥ 0.5",
            "–",
            lambda: kafka.measure(repository),
        ),
        (
            "a ClickHouse server filled, against bare inserts of the same rows in the same batches",
            "≥ 0.8",
            "≥ 0.9",
            lambda: sink.measure(repository),
        ),
        ("from the last seal of a day to its files", "< 2 s", "< 1 s", lambda: closing.measure(repository)),
        ("workers that share a slow model's work (1 s ± 30 %) keep their slots busy", "≥ 0.85", "–", slots.measure),
    ]
    lines = ["| what | must | aim | measured |", "|---|---|---|---|"]
    for what, must, aim, measure in rows:
        lines.append(f"| {what} | {must} | {aim} | {measure()} |")
    return HEAD + "\n".join(lines) + f"\n\n{_where(repository)}\n"


def _where(repository: Path) -> str:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    cores, when = os.cpu_count(), datetime.now(UTC).date()
    return (
        f"Measured on {when} with {cores} cores, Python {platform.python_version()}, load {load}, on a clone with"
        f" {int(git(repository, 'rev-list', '--count', 'HEAD')):,} commits."
    )


def measure(repository: Path) -> str:
    PAGE.write_text(page(repository))
    return f"{PAGE} is written"


if __name__ == "__main__":
    main(measure, __doc__)
