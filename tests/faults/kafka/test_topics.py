"""Partitions are added; records come twice, out of order, unreadable, too large, or from a later version."""

from __future__ import annotations

import random

import pytest

from tests.faults.kafka.organisation import Organisation
from tests.faults.kafka.record import Record, copies, moments
from tests.faults.kafka.sight import Sight
from tests.faults.kafka.watch import Written

pytestmark = pytest.mark.faults
LARGE = 20 * 2**20
READERS_OF_COMMITS = 2  # each makes a dead letter of what it cannot read


def test_partitions_are_added(organisation: Organisation, undisturbed: Sight, draw: random.Random) -> None:
    """The keys move to other partitions, which others read, in the middle of their work."""
    with Record("4 partitions become 6", organisation, undisturbed) as record:
        organisation.begin(workers=2)
        organisation.until_said(*moments(draw, 1))
        with record.strike():
            organisation.watch.grow(6)
            for topic in ("commits", "scores"):
                organisation.watch.put(topic, copies(organisation, topic, draw))


def test_records_come_again_in_another_order(
    organisation: Organisation, undisturbed: Sight, draw: random.Random
) -> None:
    with Record("all records of a topic once more, shuffled", organisation, undisturbed) as record:
        organisation.begin(workers=2)
        for moment, topic in zip(moments(draw, 3), draw.sample(("commits", "analyses", "scores"), 3), strict=True):
            organisation.until_said(moment)
            with record.strike():
                organisation.watch.put(topic, copies(organisation, topic, draw))


def test_records_that_cannot_be_read(organisation: Organisation, undisturbed: Sight, draw: random.Random) -> None:
    """Nobody can read them: each becomes dead letters, one of each reader, and nothing else is touched."""
    bad = [
        Written(b"no event", b"no event", []),
        Written(b"no body", None, [("ce_type", b"commitwire.CommitObserved.v1")]),
        Written(b"cut", b'{"repo": "github.com/acme/ro', [("ce_type", b"commitwire.CommitObserved.v1")]),
        Written(b"later", b"{}", [("ce_type", b"commitwire.CommitObserved.v99")]),
        Written(b"large", b"x" * LARGE, [("ce_type", b"commitwire.CommitObserved.v1")]),
    ]
    letters = READERS_OF_COMMITS * len(bad)
    with Record("undecodable, of a later version, of 20 MB", organisation, undisturbed, letters=letters) as record:
        organisation.begin(workers=2)
        organisation.watch.allow("commits", LARGE + 2**20)
        for moment, one in zip(moments(draw, len(bad)), bad, strict=True):
            organisation.until_said(moment)
            with record.strike():
                organisation.watch.put("commits", [one])


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
