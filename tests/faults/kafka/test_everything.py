"""Everything at once, for minutes: all die, hang and come back, records come again or are odd, the clock steps back."""

from __future__ import annotations

import itertools
import random
import time
from dataclasses import dataclass

import pytest

from tests.faults.conftest import REDUCED
from tests.faults.kafka import crowd
from tests.faults.kafka.organisation import COUNTED, EVENTS, HOUR, SESSION_SECONDS, Organisation, Program
from tests.faults.kafka.record import Record, copies
from tests.faults.kafka.sight import Sights
from tests.faults.kafka.unreadable import READERS, UNREADABLE

pytestmark = pytest.mark.faults
MINUTES = 1 if REDUCED else 10
GROWTH = 60  # MB that a worker may hold more after all of it than when every commit was said of once
AWAY_SECONDS = 4
ODD = [one for one in UNREADABLE if one.key != b"large"]


@pytest.mark.timeout(300 + 120 * MINUTES)
def test_everything_at_once(organisation: Organisation, undisturbed: Sights, draw: random.Random) -> None:
    with Record(organisation, undisturbed) as record:
        organisation.begin(workers=3)
        elder = organisation.working[0]  # it lives through all of it
        faults = Faults(organisation, draw, elder)
        held, end = 0, time.monotonic() + 60 * MINUTES
        while time.monotonic() < end or not held or faults.untried:
            with record.strike(f"everything at once for {MINUTES} min"):
                faults.strike()
            if not held and organisation.watch.said(*COUNTED) >= EVENTS:
                held = elder.memory
        record.letters = READERS * len(ODD)
        organisation.until_running(organisation.working)
        grown = elder.memory - held
        print(f"memory: {held} MB, then {grown:+d} MB")  # noqa: T201
        assert grown < GROWTH


@dataclass
class Faults:
    """Each of them in every round, in another order. Nothing happens to the elder but that it may hang."""

    organisation: Organisation
    draw: random.Random
    elder: Program

    def __post_init__(self) -> None:
        every = (self.worker, self.sleeper, self.broker, self.store, self.ingest, self.odd, self.again, self.clock)
        self.untried = len(every)
        self._hours = itertools.cycle((crowd.NOW - HOUR, crowd.NOW))
        self._order = (fault for _ in itertools.count() for fault in self.draw.sample(every, len(every)))

    def strike(self) -> None:
        """One more of them."""
        next(self._order)()
        self.untried = max(0, self.untried - 1)

    def worker(self) -> None:
        self.draw.choice([one for one in self.organisation.working if one is not self.elder]).kill()
        self.organisation.until_running([self.organisation.hire()])

    def sleeper(self) -> None:
        victim = self.draw.choice(self.organisation.working)
        victim.pause()
        time.sleep(SESSION_SECONDS + 2)
        victim.resume()

    def broker(self) -> None:
        self.organisation.kafka.kill()
        time.sleep(AWAY_SECONDS)
        self.organisation.kafka.start()

    def store(self) -> None:
        self.organisation.clickhouse.kill()
        time.sleep(AWAY_SECONDS)
        self.organisation.clickhouse.start()

    def ingest(self) -> None:
        for one in self.organisation.ingesting:
            one.kill()
        self.organisation.until_running([self.organisation.ingest()])

    def odd(self) -> None:
        """The same bytes make the same letter, however often they come."""
        self.organisation.watch.put("commits", ODD)

    def again(self) -> None:
        """Some of what is on the topic, out of order."""
        self.organisation.watch.put("commits", copies(self.organisation, "commits", self.draw)[:500])

    def clock(self) -> None:
        """Back by an hour, or forth again."""
        self.organisation.set_clock(next(self._hours))
