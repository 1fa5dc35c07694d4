"""Everything at once, for minutes: workers, broker and store die, hang and come back while records come again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import pytest

from tests.faults.conftest import REDUCED
from tests.faults.kafka.organisation import COUNTED, EVENTS, Organisation, Program
from tests.faults.kafka.record import Record, copies
from tests.faults.kafka.sight import Sight

pytestmark = pytest.mark.faults
MINUTES = 1 if REDUCED else 10
GROWTH = 60  # MB that a worker may hold more after all of it than when every commit was said of once
AWAY_SECONDS = 4
ASLEEP_SECONDS = 8  # beyond a session


@pytest.mark.timeout(300 + 120 * MINUTES)
def test_everything_at_once(organisation: Organisation, undisturbed: Sight, draw: random.Random) -> None:
    with Record(organisation, undisturbed) as record:
        organisation.begin(workers=3)
        elder = organisation.working[0]  # it lives through all of it
        faults = strikes(organisation, draw, elder)
        held, end = 0, time.monotonic() + 60 * MINUTES
        while time.monotonic() < end or not held:
            with record.strike(f"everything at once for {MINUTES} min"):
                next(faults)()
                organisation.watch.put("commits", copies(organisation, "commits", draw)[:500])
            if not held and organisation.watch.said(*COUNTED) >= EVENTS:
                held = elder.memory
        organisation.until_running(organisation.working)
        grown = elder.memory - held
        print(f"memory: {held} MB, then {grown:+d} MB")  # noqa: T201
        assert grown < GROWTH


def strikes(organisation: Organisation, draw: random.Random, elder: Program) -> Iterator[Callable[[], None]]:
    """Faults for ever: each of them in every round, in another order."""
    kafka, clickhouse = organisation.kafka, organisation.clickhouse

    def worker() -> None:
        draw.choice([one for one in organisation.working if one is not elder]).kill()
        organisation.until_running([organisation.hire()])

    def sleeper() -> None:
        victim = draw.choice(organisation.working)
        victim.pause()
        time.sleep(ASLEEP_SECONDS)
        victim.resume()

    def broker() -> None:
        kafka.kill()
        time.sleep(AWAY_SECONDS)
        kafka.start()

    def store() -> None:
        clickhouse.kill()
        time.sleep(AWAY_SECONDS)
        clickhouse.start()

    while True:
        yield from draw.sample([worker, sleeper, broker, store], 4)
