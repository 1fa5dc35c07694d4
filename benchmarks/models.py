"""How well a slow model is kept busy, and what more commits of a day cost in memory.

python -m benchmarks.models [--commits 400] [--few 100] [--slots 32]
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmarks.measure import Cost, cost, main
from tests.agents.llm.endpoint import Serving, serving
from tests.gitrepo import GitRepo

DAY = "2026-02-11"
MIDNIGHT = 1_770_768_000  # of that day, in UTC
LATENCY = ("--latency", "1.0", "--jitter", "0.3")
_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Sample:
    """What the endpoint said at one moment."""

    requests: int
    refused: int
    in_flight: int


class Watcher:
    """Looks at an endpoint again and again, until it is told to end."""

    def __init__(self, endpoint: Serving, every: float = _LOOK_SECONDS) -> None:
        self.samples: list[Sample] = []
        self._endpoint = endpoint
        self._every = every
        self._ended = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Looks while the body runs, and once more at its end."""
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            self.samples.append(self._sample())

    def _watch(self) -> None:
        while not self._ended.wait(self._every):
            self.samples.append(self._sample())

    def _sample(self) -> Sample:
        stats = self._endpoint.stats()
        counts = stats["counts"]
        return Sample(counts.get("requests", 0), counts.get("429", 0), stats["in_flight"])


def build(path: Path, commits: int, days: int = 1) -> GitRepo:
    """So many commits that a model is asked about once each: two kilobytes of diff, nothing remarkable.

    They are of DAY, or of as many days before it, too.
    """
    repo = GitRepo(path)
    begin = MIDNIGHT - (days - 1) * 86_400
    stream = b"".join(_commit(number, begin + number * days * 86_400 // commits) for number in range(commits))
    repo.fast_import(stream)
    return repo


def _commit(number: int, when: int) -> bytes:
    title = b"feat: step %04d of the count\n" % number
    text = b"".join(b"def step_%d_%d(x):\n    return x * %d + %d\n" % (number, n, n, number) for n in range(40))
    head = b"commit refs/heads/main\ncommitter Ada <ada@example.org> %d +0000\ndata %d\n%s" % (when, len(title), title)
    return head + b"M 100644 inline src/part%d.py\ndata %d\n%s\n" % (number % 50, len(text), text)


def report(repo: GitRepo, url: str, slots: int) -> Cost:
    """`commitwire report` by the model at `url` on fresh data. Raises when a commit was not analyzed by it."""
    with tempfile.TemporaryDirectory() as home:
        where = ["--data", f"{home}/data", "--out", f"{home}/out", "--tz", "UTC", "--date", DAY, "-q"]
        command = [sys.executable, "-c", "from streams.cli import main; main()", "report", f"acme/rocket={repo.path}"]
        environment = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "k", "COMMITWIRE_SLOTS": str(slots)}
        spent = cost([*command, *where], environment)
        event = json.loads(Path(home, f"out/daily/{DAY}.json").read_text())
        analyses = [commit for section in event["sections"] for commit in section["commits"]]
        assert all("llm" in commit["analyzer"] for commit in analyses), "a commit was not analyzed by the model"
        assert len(analyses) == int(repo.git("rev-list", "--count", "main")), "a commit is missing from the report"
        return spent


def in_flight(samples: list[Sample], slots: int) -> float:
    """The mean number of requests in flight, from the time when the slots are full until the last ones empty them."""
    last = samples[-1].requests - 2 * slots
    full = [sample.in_flight for sample in samples if slots <= sample.requests <= last]
    assert full, "too few requests to fill the slots"
    return fmean(full)


def measure(commits: int = 400, few: int = 100, slots: int = 32) -> str:
    """The mean share of the slots that was in use, and the ratio of the peaks of memory; own commits, one run each."""
    with tempfile.TemporaryDirectory() as folder:
        many, small = build(Path(folder, "many"), commits), build(Path(folder, "few"), few)
        with serving(*LATENCY) as endpoint:
            least = report(small, endpoint.url, slots)
        with serving(*LATENCY) as endpoint:
            watcher = Watcher(endpoint)
            with watcher.watching():
                most = report(many, endpoint.url, slots)
    busy = in_flight(watcher.samples, slots)
    return (
        f"{busy:.1f} of {slots} in flight ({busy / slots:.2f}), {commits} commits in {most.seconds:.0f} s;"
        f" peak memory {most.megabytes / least.megabytes:.2f} x"
        f" ({most.megabytes:.0f} MB against {least.megabytes:.0f} MB for {few})"
    )


if __name__ == "__main__":
    main(measure, __doc__)
