"""Peak memory of a report over many commits against one over few: it must not grow with the history.

python -m benchmarks.memory REPOSITORY [--few 1000] [--many 10000]
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.measure import main
from benchmarks.pipeline import days_of, report


def peak(repository: Path, commits: int) -> float:
    """Megabytes."""
    return report(repository, *days_of(repository, commits)).megabytes


def measure(repository: Path, few: int = 1_000, many: int = 10_000) -> str:
    """The ratio of the peaks, with what it comes from. One run each: a peak does not depend on the machine's load."""
    small, large = peak(repository, few), peak(repository, many)
    return f"{large / small:.2f} x ({large:.0f} MB for {many:,} against {small:.0f} MB for {few:,})"


if __name__ == "__main__":
    main(measure, __doc__)
