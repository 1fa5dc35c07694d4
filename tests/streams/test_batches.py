"""How long a batch is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import count, islice

from streams.transports.batches import gather

LONG = 600.0


def left(sizes: Iterable[int], limit: int, linger: float) -> list[int]:
    """Of the sizes that a queue has, one after the other, those that are not waited for."""
    coming = iter(sizes)
    asyncio.run(gather(coming.__next__, limit, linger))
    return list(islice(coming, 3))


def test_a_batch_is_taken_when_nothing_more_comes() -> None:
    assert left([0, 0, 1], limit=10, linger=LONG) == [1]
    assert left([0, 2, 5, 5, 6], limit=10, linger=LONG) == [6]


def test_a_batch_is_taken_when_it_is_full() -> None:
    assert left([0, 4, 10, 11], limit=10, linger=LONG) == [11]


def test_a_batch_is_not_waited_for_any_longer() -> None:
    assert left(count(), limit=10**9, linger=0.1)[0] >= 2


def test_without_lingering_a_batch_is_taken_at_once() -> None:
    assert left(count(), limit=10, linger=0.0) == [1, 2, 3]
