"""Partitions are added; records come twice, out of order, unreadable, too large, or from a later version."""

from __future__ import annotations

import random

import pytest

from tests.faults.kafka.organisation import COUNTED, Organisation
from tests.faults.kafka.record import Record, copies, moments
from tests.faults.kafka.sight import Sight
from tests.faults.kafka.watch import Written

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
LARGE = 20 * 2**20
READERS_OF_COMMITS = 2  # each makes a dead letter of what it cannot read
TYPE = "ce_type"
UNREADABLE = (
    Written(b"no event", b"no event", []),
    Written(b"no body", None, [(TYPE, b"commitwire.CommitObserved.v1")]),
    Written(b"cut", b'{"repo": "github.com/acme/ro', [(TYPE, b"commitwire.CommitObserved.v1")]),
    Written(b"later", b"{}", [(TYPE, b"commitwire.CommitObserved.v99")]),
    Written(b"large", b"x" * LARGE, [(TYPE, b"commitwire.CommitObserved.v1")]),
)


def test_partitions_are_added(organisation: Organisation, undisturbed: Sight, draw: random.Random) -> None:
    """The keys move to other partitions, which others read, in the middle of their work."""
    with Record(organisation, undisturbed) as record:
        organisation.begin(workers=2)
        for moment, partitions in zip(moments(draw, 3), (6, 7, 8), strict=True):
            organisation.until_said(moment)
            with record.strike("partitions are added"):
                organisation.watch.grow(partitions)
                for topic in ("commits", "scores"):
                    organisation.watch.put(topic, copies(organisation, topic, draw))


def test_records_that_are_odd(organisation: Organisation, undisturbed: Sight, draw: random.Random) -> None:
    """Records come again, out of order. What nobody can read becomes a dead letter of each who tried."""
    letters = READERS_OF_COMMITS * len(UNREADABLE)
    with Record(organisation, undisturbed, letters=letters) as record:
        organisation.begin(workers=2)
        organisation.watch.allow("commits", LARGE + 2**20)
        drawn = iter(moments(draw, len(COUNTED) + len(UNREADABLE)))
        for one in UNREADABLE:
            organisation.until_said(next(drawn))
            with record.strike("undecodable, of a later version, of 20 MB"):
                organisation.watch.put("commits", [one])
        for topic in COUNTED:
            organisation.until_said(next(drawn))
            with record.strike("all records of a topic again, shuffled"):
                organisation.watch.put(topic, copies(organisation, topic, draw))


def test_a_topic_of_which_most_fails(organisation: Organisation, undisturbed: Sight, draw: random.Random) -> None:
    """The workers stop and say why, instead of emptying the topic into the dead letters."""
    organisation.begin(workers=2)
    organisation.until_said(*moments(draw, 1))
    organisation.watch.put("analyses", [Written(b"%d" % n, b"no event", []) for n in range(400)])
    organisation.until_given_up(organisation.working)
    said = organisation.said()
    assert "remove the cause and start again" in said
    assert "Traceback" not in said
    print(f"dead letters: {organisation.watch.said('dead-letters')}")  # noqa: T201
    assert organisation.watch.said("dead-letters") <= 400
