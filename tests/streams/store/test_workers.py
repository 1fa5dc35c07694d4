"""Leases of workers."""

from __future__ import annotations

import uuid

from tests.streams.store.memory import Memory


def test_a_lease_counts_until_it_ends_and_however_often_it_is_renewed(memory: Memory) -> None:
    ada, bob = uuid.uuid4().hex, uuid.uuid4().hex
    before = memory.run(memory.store.renew(ada, 1, 60)) - 1
    assert memory.run(memory.store.renew(ada, 2, 60)) == before + 1
    assert memory.run(memory.store.renew(bob, 1, 60)) == before + 2
    assert memory.run(memory.store.renew(ada, 3, 0)) == before + 1
    assert memory.run(memory.store.renew(bob, 2, -1)) == before
