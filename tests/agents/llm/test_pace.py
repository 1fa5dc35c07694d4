"""The pace against a server that counts the requests of the last sixty seconds, on simulated time."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.llm.limits import Limits
from agents.llm.pace import WINDOW, Pace

_SLOTS = 32
_SECONDS = 240.0


@dataclass
class Simulation:
    """Slots that ask again and again for four minutes; the first question goes alone."""

    pace: Pace
    rpm: int
    latency: float = 1.0
    headers: bool = True
    says_when: bool = True
    others: int = 0
    at: float = 0.0
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    _random: Random = field(default_factory=lambda: Random(3))
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _waiting: int = 0
    _looking: bool = False
    _count: int = 0

    def run(self) -> None:
        self.accepted += [-n * 60 / self.others for n in range(self.others)][::-1]
        self._at(0.0, self._ask)
        for _ in range(_SLOTS - 1):
            self._at(self.latency + 0.1, self._ask)
        while self._events[0][0] < _SECONDS:
            self.at, _, happens = heapq.heappop(self._events)
            happens()

    def used(self) -> float:
        return len([t for t in self.accepted if t > 0]) / (self.rpm * _SECONDS / 60)

    def refused_after_the_first_minute(self) -> float:
        refused, accepted = (len([t for t in times if t >= 60]) for times in (self.refused, self.accepted))
        return refused / (refused + accepted)

    def _at(self, at: float, happens: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (at, self._count, happens))

    def _ask(self) -> None:
        self._waiting += 1
        self._look()

    def _look(self) -> None:
        while self._waiting and not self._looking:
            delay = self.pace.delay(self.at)
            if delay > 0:
                self._looking = True
                self._at(self.at + delay, self._look_again)
                return
            self._waiting -= 1
            self.pace.sent(self.at)
            self._at(self.at + self._random.uniform(0.001, 0.05), self._arrival(self.at))

    def _look_again(self) -> None:
        self._looking = False
        self._look()

    def _arrival(self, sent_at: float) -> Callable[[], None]:
        def arrive() -> None:
            recent = [t for t in self.accepted if self.at - t < 60]
            if len(recent) >= self.rpm:
                self.refused.append(self.at)
                wait = float(max(1, math.ceil(60 - (self.at - recent[0])))) if self.says_when else None
                self._at(self.at + self.pace.refused(self.at, sent_at, wait), self._ask)
                return
            self.accepted.append(self.at)
            limits = Limits(self.rpm, self.rpm - len(recent) - 1, math.ceil(60 - (self.at - [*recent, self.at][0])))
            self._at(self.at + max(0.0, self._random.gauss(self.latency, 0.3)), self._answer(limits))

        return arrive

    def _answer(self, limits: Limits) -> Callable[[], None]:
        def answered() -> None:
            self.pace.answered(self.at, limits if self.headers else Limits())
            self._ask()

        return answered


@pytest.mark.parametrize("rpm", [60, 120, 600])
def test_with_headers_the_limit_is_used_and_nothing_refused(rpm: int) -> None:
    simulation = Simulation(Pace(), rpm)
    simulation.run()
    assert simulation.used() >= 0.95
    assert simulation.refused == []


@pytest.mark.parametrize("rpm", [60, 120, 600])
def test_a_configured_limit_is_used_and_nothing_refused(rpm: int) -> None:
    simulation = Simulation(Pace(rpm), rpm, headers=False)
    simulation.run()
    assert simulation.used() >= 0.95
    assert simulation.refused == []


@pytest.mark.parametrize("rpm", [60, 120, 600])
@pytest.mark.parametrize("says_when", [True, False])
def test_without_headers_the_limit_is_found(rpm: int, says_when: bool) -> None:
    simulation = Simulation(Pace(), rpm, headers=False, says_when=says_when)
    simulation.run()
    assert simulation.used() >= 0.95
    assert simulation.refused_after_the_first_minute() < 0.05


def test_what_others_or_an_earlier_process_sent_counts() -> None:
    simulation = Simulation(Pace(), 120, others=110)
    simulation.run()
    assert len(simulation.refused) <= 3


def test_a_passing_refusal_does_not_slow_all_others() -> None:
    pace = Pace()
    for n in range(50):
        pace.sent(n * 0.1)
        pace.answered(n * 0.1, Limits())
    pace.sent(5.0)
    assert pace.refused(5.1, 5.0, 1.0) == 1.0
    assert pace.delay(5.1) == 0.0
    assert pace.limit(5.1) is None


def test_a_limit_that_was_none_is_soon_forgotten() -> None:
    pace = Pace()
    pace.sent(0.0)
    pace.refused(0.1, 0.0, None)
    assert pace.limit(1.0) == 1.0
    assert pace.limit(600.0) is None


def test_a_limit_by_the_day_is_none_by_the_minute() -> None:
    pace = Pace()
    pace.answered(0.0, Limits(14_400, 14_000, 2400.0))
    assert pace.limit(0.0) is None
    pace.answered(0.0, Limits(14_400, 0, 2400.0))
    assert pace.delay(0.0) == 60.0


def test_absurd_limits_are_none() -> None:
    pace = Pace()
    pace.answered(0.0, Limits(10**12, 0, 1.0))
    assert pace.limit(0.0) is None


_STEPS = st.lists(st.tuples(st.floats(0, 5), st.booleans(), st.none() | st.floats(0, 60)), max_size=150)


@given(st.integers(1, 40), _STEPS)
def test_no_more_than_the_limit_leaves_in_any_minute(rpm: int, steps: list[tuple[float, bool, float | None]]) -> None:
    pace, at, sent = Pace(rpm), 0.0, deque[float]()
    for pause, refused, retry_after in steps:
        at += pause
        delay = pace.delay(at)
        assert 0 <= delay <= 200
        at += delay
        assert pace.delay(at) <= 1e-6
        pace.sent(at)
        if refused:
            pace.refused(at, at, retry_after)
            continue
        sent.append(at)
        pace.answered(at, Limits())
        assert len([t for t in sent if at - t < WINDOW - 1e-6]) <= rpm
