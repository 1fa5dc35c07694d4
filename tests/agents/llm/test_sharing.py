"""Several workers that ask the same endpoint."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from agents.llm.budget import Budget, Spent
from agents.llm.gate import Gate
from agents.llm.pace import Pace
from agents.llm.port import Health

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Record:
    """What processes remember together."""

    def __init__(self) -> None:
        self.health = Health()

    async def load(self, endpoint: str) -> Health:
        return self.health

    async def save(self, endpoint: str, health: Health) -> None:
        self.health = health


def test_what_one_worker_may_have_under_way_every_other_may_too() -> None:
    budget = Budget(tokens=1_000)
    budget.share(Spent(tokens=600), 4, NOW)
    assert budget.affords(Spent(tokens=100), NOW)
    assert not budget.affords(Spent(tokens=101), NOW)
    assert budget.left(NOW) == 0.4


def test_what_others_spent_counts_and_what_the_ledger_does_not_know_yet_stays() -> None:
    budget = Budget(tokens=1_000, spent=Spent(tokens=300), day=NOW.date())
    budget.share(Spent(tokens=200), 2, NOW)
    assert budget.spent(NOW) == Spent(tokens=300)
    budget.share(Spent(tokens=700), 2, NOW)
    assert budget.spent(NOW) == Spent(tokens=700)
    assert budget.spent(NOW + timedelta(days=1)) == Spent()


def test_a_configured_limit_is_divided_and_comes_back() -> None:
    pace = Pace(rpm=120)
    pace.share(4)
    assert pace.limit(0.0) == 30
    pace.share(1)
    assert pace.limit(0.0) == 120
    pace.share(1_000)
    assert pace.limit(0.0) == 1


def test_an_endpoint_that_banned_one_worker_is_not_asked_by_the_others() -> None:
    async def run() -> None:
        record = Record()
        gates = [Gate("main", "of", record, lambda: NOW) for _ in range(2)]
        for gate in gates:
            await gate.open()
        gates[0].breaker.denied(NOW, "403 Forbidden")
        await gates[0].remember()
        assert not gates[1].breaker.is_shut(NOW)
        await gates[1].refresh()
        assert gates[1].breaker.is_shut(NOW)
        assert gates[1].breaker.reason == gates[0].breaker.reason

    asyncio.run(run())


def test_who_is_finding_out_takes_up_nothing() -> None:
    async def run() -> None:
        record = Record()
        one, other = (Gate("main", "of", record, lambda: NOW) for _ in range(2))
        await one.open()
        await other.open()
        one.breaker.admit(NOW)
        other.breaker.denied(NOW, "403 Forbidden")
        await other.remember()
        await one.refresh()
        assert not one.breaker.is_shut(NOW)

    asyncio.run(run())
