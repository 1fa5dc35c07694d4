"""How fast commits are read, against a bare `git log -p --numstat` whose output nobody looks at.

    python benchmarks/read_git.py REPO [--commits 3000] [--runs 3]

Prints one line: the ratio of the best run of each (above 1: faster than git log), taken in turns.
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
from streams.sources.repository import Repository, open_repository


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo")
    parser.add_argument("--commits", type=int, default=3000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    repository = open_repository(locate(options.repo), Path("mirrors"))
    shas = repository.git.say("rev-list", "-n", str(options.commits), "HEAD").decode().split()
    bare, ours = [], []
    for _ in range(options.runs):
        bare.append(_seconds(lambda: _git_log(repository, options.commits)))
        ours.append(_seconds(lambda: _read(repository, shas)))
    sys.stdout.write(
        f"{len(shas)} commits: read {min(ours):.2f} s, git log -p --numstat {min(bare):.2f} s, "
        f"ratio {min(bare) / min(ours):.2f}, {len(shas) / min(ours):.0f} commits/s\n"
    )


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
    main()
