"""Running commands for their time and memory; repetitions alternate, the best of each counts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer


@dataclass(frozen=True)
class Cost:
    """Wall-clock seconds and peak memory (MB) of one command and what it waited for."""

    seconds: float
    megabytes: float


def cost(command: Sequence[str], environment: dict[str, str] | None = None, stdin: bytes = b"") -> Cost:
    """Run a command to its end with its output thrown away. Raises when it fails."""
    begun = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
    ) as process:
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return Cost(time.perf_counter() - begun, usage.ru_maxrss / 1024)


def best(repetitions: int, *subjects: Callable[[], Cost]) -> list[Cost]:
    """The fastest of each subject's repetitions; the subjects take turns, so that noise meets all of them."""
    rounds = [[subject() for subject in subjects] for _ in range(repetitions)]
    return [min(costs, key=lambda one: one.seconds) for costs in zip(*rounds, strict=True)]


def git(repository: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", str(repository), *arguments], capture_output=True, text=True, check=True
    ).stdout


def main(measure: Callable[..., str], words: str | None) -> None:
    """The command line of a benchmark: what `measure` has no default for is an argument, all else are options."""
    app = typer.Typer(add_completion=False)
    app.command(help=words)(measure)
    found: Any = typer.main.get_command(app)(standalone_mode=False)
    if isinstance(found, str):  # not the exit code of --help
        sys.stdout.write(found + "\n")
