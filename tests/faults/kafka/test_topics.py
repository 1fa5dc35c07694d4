"""Partitions are added; records come twice, out of order, unreadable, too large, or from a later version."""

from __future__ import annotations

import random

import pytest

from tests.faults.kafka.organisation import COUNTED, Organisation
from tests.faults.kafka.record import Record, copies, moments
from tests.faults.kafka.sight import Sights
from tests.faults.kafka.unreadable import LARGE, READERS, UNREADABLE
from tests.faults.kafka.watch import Written

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
FAILING = 2_000  # far more than what can be read of the topic meanwhile
WINDOW = 100  # events of a stage, of which most must not fail
LOOPS = 2 * 2  # scorers and store read analyses, in each of two workers


def test_partitions_are_added(organisation: Organisation, undisturbed: Sights, draw: random.Random) -> None:
    """The keys move to other partitions, which others read, in the middle of their work."""
    with Record(organisation, undisturbed) as record:
        organisation.begin(workers=2)
        for moment, partitions in zip(moments(draw, 3), (6, 7, 8), strict=True):
            organisation.until_said(moment)
            with record.strike("partitions are added"):
                organisation.watch.grow(partitions)
                for topic in ("commits", "scores"):
                    organisation.watch.put(topic, copies(organisation, topic, draw))


def test_records_that_are_odd(organisation: Organisation, undisturbed: Sights, draw: random.Random) -> None:
    """Records come again, out of order. What nobody can read becomes a dead letter of each who tried."""
    with Record(organisation, undisturbed, letters=READERS * len(UNREADABLE)) as record:
        organisation.begin(workers=2)
        organisation.watch.allow("commits", LARGE + 2**20)
        drawn = iter(moments(draw, len(COUNTED) + len(UNREADABLE)))
        for one in UNREADABLE:
            organisation.until_said(next(drawn))
            with record.strike("a record undecodable, of a later version, of 20 MB"):
                organisation.watch.put("commits", [one])
        for topic in COUNTED:
            organisation.until_said(next(drawn))
            with record.strike("all records of a topic again, shuffled"):
                organisation.watch.put(topic, copies(organisation, topic, draw))


@pytest.mark.parametrize("run", range(3))
def test_a_topic_of_which_most_fails(
    organisation: Organisation, undisturbed: Sights, draw: random.Random, run: int
) -> None:
    """The workers stop and say why, instead of emptying the topic into the dead letters.

    Then its readers are set behind what it holds, and what of it can be read is written once more: nothing is lost.
    """
    failing = [Written(b"%d" % n, b"no event", []) for n in range(FAILING)]
    with Record(organisation, undisturbed) as record:
        organisation.begin(workers=2)
        organisation.until_said(*moments(draw, 1))
        with record.strike("most of a topic fails"):
            organisation.watch.put("analyses", failing)
            organisation.until_given_up(organisation.working)
            record.letters = organisation.watch.letters()
            readable = [one for one in copies(organisation, "analyses", draw) if one.value != b"no event"]
            organisation.watch.skip("analyses")
            organisation.watch.put("analyses", readable)
            organisation.hire()
            organisation.hire()
        assert "remove the cause and start again" in organisation.said()
        assert record.letters <= LOOPS * WINDOW
