"""Workers die, hang, come and go while thousands of commits are under way."""

from __future__ import annotations

import random
import time

import pytest

from tests.faults.conftest import REDUCED
from tests.faults.kafka.organisation import SESSION_SECONDS, Organisation
from tests.faults.kafka.record import Record, moments
from tests.faults.kafka.sight import Sights

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.mark.parametrize("run", range(1 if REDUCED else 7))
def test_a_worker_is_killed_again_and_again(
    organisation: Organisation, undisturbed: Sights, draw: random.Random, run: int
) -> None:
    fault = "a worker of two killed with -9"
    with Record(organisation, undisturbed) as record:
        organisation.begin(workers=2)
        for moment in moments(draw, 3):
            organisation.until_said(moment)
            with record.strike(fault):
                draw.choice(organisation.working).kill()
                organisation.hire()


@pytest.mark.parametrize("run", range(1 if REDUCED else 3))
def test_two_workers_of_three_are_killed(
    organisation: Organisation, undisturbed: Sights, draw: random.Random, run: int
) -> None:
    fault = "two workers of three killed with -9"
    with Record(organisation, undisturbed) as record:
        organisation.begin(workers=3)
        for moment in moments(draw, 3):
            organisation.until_said(moment)
            with record.strike(fault):
                for victim in draw.sample(organisation.working, 2):
                    victim.kill()
            while len(organisation.working) < 3:
                organisation.hire()


@pytest.mark.parametrize("run", range(1 if REDUCED else 3))
def test_a_worker_hangs_for_longer_than_its_session(
    organisation: Organisation, undisturbed: Sights, draw: random.Random, run: int
) -> None:
    """The others have its partitions by then; what it does when it wakes must not undo their work."""
    fault = "a worker of two paused beyond its session, then resumed"
    with Record(organisation, undisturbed) as record:
        organisation.begin(workers=2)
        for moment in moments(draw, 3):
            organisation.until_said(moment)
            sleeper = draw.choice(organisation.working)
            with record.strike(fault):
                sleeper.pause()
                paused = time.monotonic()
            organisation.until_members(1)  # the other has all partitions
            time.sleep(max(0, paused + SESSION_SECONDS + 2 - time.monotonic()))
            sleeper.resume()
            organisation.until_members(2)


@pytest.mark.parametrize("run", range(3))
def test_workers_come_and_go(organisation: Organisation, undisturbed: Sights, draw: random.Random, run: int) -> None:
    """One, four, then two: the two that go are told to stop."""
    fault = "1, then 4, then 2 workers"
    with Record(organisation, undisturbed) as record:
        organisation.begin(workers=1)
        grown, shrunk, grown_again = moments(draw, 3)
        organisation.until_said(grown)
        with record.strike(fault):
            organisation.until_running([organisation.hire() for _ in range(3)])
        organisation.until_said(shrunk)
        with record.strike(fault):
            organisation.dismiss(draw.sample(organisation.working, 2))
        organisation.until_said(grown_again)
        with record.strike(fault):
            organisation.hire()
