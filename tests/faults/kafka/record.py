"""The record of a trial: how often a fault struck, what was lost or doubled, how long it took to recover."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.faults.kafka.organisation import COUNTED, EVENTS, Organisation
from tests.faults.kafka.sight import Sight, look
from tests.faults.kafka.watch import Written

RECORDS = os.environ.get("FAULTS_RECORDS")  # a file, to which each record is added as a line of JSON


def moments(draw: random.Random, count: int) -> list[int]:
    """So many counts of events in the course of a run, in order."""
    return sorted(draw.randrange(EVENTS // 20, EVENTS * 9 // 10) for _ in range(count))


def copies(organisation: Organisation, topic: str, draw: random.Random) -> list[Written]:
    """What is on a topic by now, in another order."""
    found = [Written(one.key, one.value, list(one.headers)) for one in organisation.watch.records(topic)]
    draw.shuffle(found)
    return found


class Record:
    """Use it as a context manager around the faults: at its end it waits until all is settled, and compares.

    `letters`: how many dead letters are to be made.
    """

    def __init__(self, organisation: Organisation, expected: Sight, *, letters: int = 0) -> None:
        self.organisation, self.expected, self.letters = organisation, expected, letters
        self.seconds: dict[str, list[float]] = {}

    @contextmanager
    def strike(self, fault: str) -> Iterator[None]:
        """The fault, from its begin to the end of its cause; then the time until all partitions move is taken."""
        before = self.organisation.unread()
        yield
        began = time.monotonic()
        # what moved before the fault struck is no recovery; a broker that stays away leaves only what was seen before
        behind = {**before, **self.organisation.unread()}
        self.organisation.until_moving(behind)
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
        lost, more = seen.lost(self.expected), seen.doubled(self.expected)
        letters = [one for one in more if one.startswith("dead-letters ")]
        doubled = [one for one in more if one not in letters]
        for fault, seconds in self.seconds.items():
            self._tell(fault=fault, times=len(seconds), events=events, lost=len(lost), doubled=len(doubled), to=seconds)
        counts = (len(lost), len(doubled), len(letters))
        assert counts == (0, 0, self.letters), f"{counts}: {lost[:3]} {doubled[:3]}"

    def _tell(self, **told: object) -> None:
        """`to` are the seconds that each recovery took."""
        line = json.dumps(told)
        print(line)  # noqa: T201 shown with -rP
        if RECORDS:
            with Path(RECORDS).open("a") as records:
                records.write(line + "\n")
