"""How fast commits are read, against a bare `git log -p --numstat` whose output nobody looks at.

python -m benchmarks.read_git REPOSITORY [--commits 3000] [--repetitions 3]
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import main
from streams.sources.git import reading_environment
from streams.sources.overflow import MemoryOverflow
from streams.sources.reader import read
from streams.sources.repository import Repository, locate, open_repository


def measure(repository: Path, repetitions: int = 3, commits: int = 3_000) -> str:
    """The ratio (above 1: faster than git log), with what it comes from."""
    opened = open_repository(locate(str(repository)), Path("mirrors"))
    shas = opened.git.say("rev-list", "-n", str(commits), "HEAD").decode().split()
    bare, ours = [], []
    for _ in range(repetitions):
        bare.append(_seconds(lambda: _git_log(opened, commits)))
        ours.append(_seconds(lambda: _read(opened, shas)))
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
    main(measure, __doc__)
