"""How fast commits are read, against a bare `git log -p --numstat` whose output nobody looks at.

python -m benchmarks.read_git REPOSITORY [--commits 3000] [--repetitions 3]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from streams.sources.git import reading_environment
from streams.sources.overflow import MemoryOverflow
from streams.sources.reader import read
from streams.sources.repository import Repository, locate, open_repository


def measure(place: Path, repetitions: int, commits: int = 3_000) -> str:
    """The ratio (above 1: faster than git log), with what it comes from."""
    repository = open_repository(locate(str(place)), Path("mirrors"))
    shas = repository.git.say("rev-list", "-n", str(commits), "HEAD").decode().split()
    bare, ours = [], []
    for _ in range(repetitions):
        bare.append(_seconds(lambda: _git_log(repository, commits)))
        ours.append(_seconds(lambda: _read(repository, shas)))
    ratio = min(bare) / min(ours)
    return f"{len(shas):,} commits: {ratio:.2f} x ({min(ours):.1f} s against {min(bare):.1f} s)"


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _git_log(repository: Repository, commits: int) -> None:
    command = ["git", "-c", "safe.directory=*", f"--git-dir={repository.git_dir}", "log", "-p", "--numstat"]
    subprocess.run(
        [*command, f"-{commits}", "HEAD"], check=True, stdout=subprocess.DEVNULL, env=dict(reading_environment())
    )


def _read(repository: Repository, shas: list[str]) -> None:
    now = datetime.now(UTC)
    for _ in read(repository, shas, lambda: now, MemoryOverflow()):
        pass


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--commits", type=int, default=3_000)
    parser.add_argument("--repetitions", type=int, default=3)
    given = parser.parse_args()
    sys.stdout.write(measure(given.repository, given.repetitions, given.commits) + "\n")
