"""How long a batch is waited for. The loop's time moves only while a test waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import count, islice

import pytest

from streams.transports.batches import LARGE, QUIET_SECONDS, gather, rest

LONG = 600.0


class Waiting(asyncio.SelectorEventLoop):
    """A loop of which every wait is over at once, and has taken as long as was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.now = max(self.now, self._scheduled[0].when())  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def left(sizes: Iterable[int], limit: int, linger: float, rested: float = 0.0) -> list[int]:
    """Of the sizes that a queue has, one after the other, those that are not waited for."""
    coming = iter(sizes)
    with asyncio.Runner(loop_factory=Waiting) as runner:
        now = runner.get_loop().time
        runner.run(gather(coming.__next__, limit, linger, lambda: now() >= rested))
    return list(islice(coming, 3))


def test_a_batch_is_taken_when_nothing_more_comes() -> None:
    assert left([0, 0, 1], limit=10, linger=LONG) == [1]
    assert left([0, 2, 5, 5, 6], limit=10, linger=LONG) == [6]


def test_a_batch_is_taken_when_it_is_full() -> None:
    assert left([0, 4, 10, 11], limit=10, linger=LONG) == [11]


def test_a_batch_is_not_waited_for_any_longer() -> None:
    assert left(count(), limit=10**9, linger=5.5 * QUIET_SECONDS) == [7, 8, 9]


def test_without_lingering_a_batch_is_taken_at_once() -> None:
    assert left(count(), limit=10, linger=0.0) == [1, 2, 3]


def test_a_small_batch_is_waited_for_until_the_stream_has_rested() -> None:
    assert left([1] * 6 + [2] * 3, limit=10, linger=LONG, rested=4.5 * QUIET_SECONDS) == [2, 2, 2]
    assert left([1] * 6 + [2] * 3, limit=10, linger=LONG, rested=0.0) == [1, 1, 1]


def test_a_large_batch_is_not_held_back_by_a_rest() -> None:
    assert left([1, LARGE, LARGE, LARGE + 1], limit=10**9, linger=LONG, rested=LONG) == [LARGE + 1]


@pytest.mark.parametrize(("took", "linger", "seconds"), [(0.1, 1.0, 0.2), (3.0, 1.0, 1.0), (3.0, 0.0, 0.0)])
def test_a_rest_is_twice_the_round_within_the_limit(took: float, linger: float, seconds: float) -> None:
    assert rest(took, linger) == seconds


def test_a_batch_that_is_full_is_not_held_back_by_a_rest() -> None:
    assert left([1, 5, 5], limit=5, linger=LONG, rested=LONG) == [5]
