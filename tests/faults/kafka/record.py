"""The record of a trial: how often a fault struck, what was lost or doubled, how long it took to recover."""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.faults.kafka.organisation import COUNTED, EVENTS, Organisation
from tests.faults.kafka.sight import Sights, look
from tests.faults.kafka.watch import Written

FLIGHT = 2_000  # commits in flight, at least, when a fault strikes
RECORDS = os.environ.get("FAULTS_RECORDS")  # a file, to which each record is added as a line of JSON


def moments(draw: random.Random, count: int) -> list[int]:
    """So many counts of events in the course of a run, in order."""
    return sorted(draw.randrange(EVENTS // 20, EVENTS * 7 // 10) for _ in range(count))


def copies(organisation: Organisation, topic: str, draw: random.Random) -> list[Written]:
    """What is on a topic by now, in another order."""
    found = [Written(one.key, one.value, list(one.headers)) for one in organisation.watch.records(topic)]
    draw.shuffle(found)
    return found


class Record:
    """Use it as a context manager around the faults: at its end it waits until all is settled, and compares.

    `flight`: how many commits are in flight at least when a fault strikes. `letters`: how many dead letters are to be
    made.
    """

    def __init__(self, organisation: Organisation, expected: Sights, *, flight: int = FLIGHT, letters: int = 0) -> None:
        self.organisation, self.expected, self.flight, self.letters = organisation, expected, flight, letters
        self.times: Counter[str] = Counter()
        self.seconds: dict[str, list[float]] = {}

    @contextmanager
    def strike(self, fault: str) -> Iterator[None]:
        """The fault, from its begin to the end of its cause; then the time until all partitions move is taken.

        Where nothing is left to read by then, nothing can be seen to move, and no time is taken.
        """
        before = self.organisation.until_in_flight(self.flight)
        self.times[fault] += 1
        yield
        began = time.monotonic()
        # what moved before the fault struck is no recovery; a broker that stays away leaves only what was seen before
        behind = self.organisation.unread(before)
        self.organisation.until_moving(behind)
        if behind:
            self.seconds.setdefault(fault, []).append(round(time.monotonic() - began, 1))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            return
        self.organisation.until_settled()
        events = self.organisation.watch.said(*COUNTED)
        self.organisation.end()
        seen = look(self.organisation)
        expected = self.expected[self.organisation.different]
        lost, more = seen.lost(expected), seen.doubled(expected)
        letters = [one for one in more if one.startswith("dead-letters ")]
        doubled = [one for one in more if one not in letters]
        for fault, times in self.times.items():
            to = self.seconds.get(fault, [])
            self._tell(fault=fault, times=times, events=events, lost=len(lost), doubled=len(doubled), to=to)
        counts = (len(lost), len(doubled), len(letters))
        assert counts == (0, 0, self.letters), f"{counts}: {lost[:3]} {doubled[:3]}"

    def _tell(self, **told: object) -> None:
        """`to` are the seconds that each recovery took."""
        line = json.dumps(told)
        print(line)  # noqa: T201 shown with -rP
        if RECORDS:
            with Path(RECORDS).open("a") as records:
                records.write(line + "\n")
