"""The clock of all processes steps back while thousands of commits are under way."""

from __future__ import annotations

import random

import pytest

from tests.faults.kafka import crowd
from tests.faults.kafka.organisation import HOUR, Organisation
from tests.faults.kafka.record import Record, moments
from tests.faults.kafka.sight import Sights

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.mark.parametrize("run", range(3))
def test_the_clock_steps_back(organisation: Organisation, undisturbed: Sights, draw: random.Random, run: int) -> None:
    """What is said after it looks an hour older than what was said before, and counts all the same."""
    with Record(organisation, undisturbed) as record:
        organisation.begin(workers=2)
        organisation.until_said(*moments(draw, 1))
        with record.strike("the clock steps back by an hour"):
            organisation.set_clock(crowd.NOW - HOUR)
