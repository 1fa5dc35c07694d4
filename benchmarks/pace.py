"""How much of a limit of requests per minute is used, and how often it is overstepped.

python -m benchmarks.pace [--rpm 120] [--minutes 4]
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.measure import main
from benchmarks.models import Sample, Watcher, build, report
from tests.agents.llm.endpoint import serving

SLOTS = 32
_LOOKS = 4  # a second


def run(commits: int, rpm: int, *options: str) -> list[Sample]:
    """Samples of a report of so many commits, from its first request on."""
    with tempfile.TemporaryDirectory() as folder:
        repo = build(Path(folder), commits)
        with serving("--rpm", str(rpm), "--latency", "1.0", "--jitter", "0.3", *options) as endpoint:
            watcher = Watcher(endpoint, 1 / _LOOKS)
            with watcher.watching():
                report(repo, endpoint.url, SLOTS)
    return [sample for sample in watcher.samples if sample.requests]


def shares(samples: list[Sample], rpm: int, minutes: int) -> tuple[float, float]:
    """The share of the limit that was used in the first minutes; and that of the requests after the first minute
    which were refused."""
    first, last = samples[60 * _LOOKS], samples[min(60 * _LOOKS * minutes, len(samples) - 1)]
    used = (last.requests - last.refused) / (rpm * minutes)
    return used, (last.refused - first.refused) / (last.requests - first.requests)


def measure(rpm: int = 120, minutes: int = 4) -> str:
    """Both shares, with headers that say the limit and without; own commits, one run each."""
    commits = rpm * minutes + rpm // 4  # enough to last
    said = shares(run(commits, rpm), rpm, minutes)
    silent = shares(run(commits, rpm, "--no-limit-headers"), rpm, minutes)
    return (
        f"{rpm} requests a minute, {minutes} minutes: {said[0]:.1%} used and {said[1]:.1%} refused with headers,"
        f" {silent[0]:.1%} and {silent[1]:.1%} without"
    )


if __name__ == "__main__":
    main(measure, __doc__)
