"""From git to stored scores and report files, against a bare `git log -p --numstat` over the same commits.

python -m benchmarks.pipeline REPOSITORY [--commits 3000] [--repetitions 3]
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import date
from pathlib import Path

from benchmarks.measure import Cost, best, cost, git, main


def days_of(repository: Path, commits: int) -> tuple[date, date]:
    """The days (UTC) from the oldest of the last so many commits to the newest."""
    stamps = git(repository, "log", f"-{commits}", "--date=format-local:%Y-%m-%d", "--format=%cd").split()
    return date.fromisoformat(min(stamps)), date.fromisoformat(max(stamps))


def shas_of(repository: Path, since: date, until: date) -> list[str]:
    """All commits with a committer date in these days: what the reports list."""
    lines = git(repository, "log", "--date=format-local:%Y-%m-%d", "--format=%H %cd").splitlines()
    return [line[:-11] for line in lines if since.isoformat() <= line[-10:] <= until.isoformat()]


def report(repository: Path, since: date, until: date) -> Cost:
    """`commitwire report` on fresh data, a report for each day."""
    with tempfile.TemporaryDirectory() as home:
        where = ["--data", f"{home}/data", "--out", f"{home}/out", "--tz", "UTC", "-q"]
        command = [sys.executable, "-c", "from streams.cli import main; main()", "report", str(repository)]
        spent = cost([*command, "--since", str(since), "--until", str(until), *where])
        listed = sum(json.loads(f.read_text())["coverage"]["commits"] for f in Path(home, "out/daily").glob("*.json"))
        assert listed == len(shas_of(repository, since, until)), "a commit is missing from the reports"
        return spent


def bare(repository: Path, shas: list[str]) -> Cost:
    arguments = [
        "-c",
        "safe.directory=*",
        "-C",
        str(repository),
        "log",
        "--stdin",
        "--no-walk=unsorted",
        "-p",
        "--numstat",
    ]
    return cost(["git", *arguments], stdin="\n".join(shas).encode())


def measure(repository: Path, repetitions: int = 3, commits: int = 3_000) -> str:
    """The ratio (above 1: faster than git log), with what it comes from."""
    since, until = days_of(repository, commits)
    shas = shas_of(repository, since, until)
    ours, theirs = best(repetitions, lambda: report(repository, since, until), lambda: bare(repository, shas))
    return (
        f"{len(shas):,} commits in {(until - since).days + 1} days: {theirs.seconds / ours.seconds:.2f} x"
        f" ({ours.seconds:.1f} s against {theirs.seconds:.1f} s), peak memory {ours.megabytes:.0f} MB"
    )


if __name__ == "__main__":
    main(measure, __doc__)
