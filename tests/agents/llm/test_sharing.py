"""Several workers that ask the same endpoint."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.llm.budget import Budget, Spent
from agents.llm.gate import Gate
from agents.llm.pace import Pace
from agents.llm.port import Health, NoAnswer
from agents.llm.purse import Purse
from schemas.analyses import Call
from tests.agents.llm.clock import START
from tests.agents.llm.questions import question
from tests.agents.llm.test_budget import call
from tests.agents.llm.test_purse import ONE, PRICES, Model

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
    budget.share(Spent(tokens=600), (), 4, NOW)
    assert budget.affords(Spent(tokens=100), NOW)
    assert not budget.affords(Spent(tokens=101), NOW)
    assert budget.left(NOW) == 0.4


def test_what_others_spent_counts_and_what_the_ledger_does_not_know_yet_stays() -> None:
    budget = Budget(tokens=1_000, spent=Spent(tokens=300), day=START.date())
    budget.share(Spent(tokens=200), (), 2, START)
    assert budget.spent(START) == Spent(tokens=300)
    ours = [call(tokens=50), call(tokens=40)]
    for each in ours:
        budget.spend(each)
    assert list(budget.untold) == [each.id for each in ours]
    budget.share(Spent(tokens=700), [ours[0].id], 2, START)
    assert list(budget.untold) == [ours[1].id]
    assert budget.spent(START) == Spent(tokens=740)
    tomorrow = START + timedelta(days=1)
    assert budget.spent(tomorrow) == Spent()
    budget.share(Spent(tokens=900), (), 2, START)  # a look at yesterday that took until today
    assert budget.spent(tomorrow) == Spent()
    assert list(budget.untold) == []


def test_what_a_worker_spent_itself_is_taken_from_its_share() -> None:
    budget = Budget(tokens=1_000)
    for _ in range(3):  # however often it looks at a ledger that stands still
        budget.share(Spent(tokens=600), (), 4, START)
        assert budget.affords(Spent(tokens=100), START)
    ours = call(tokens=70)
    budget.spend(ours)
    for _ in range(3):
        budget.share(Spent(tokens=600), (), 4, START)
        assert budget.affords(Spent(tokens=30), START)
        assert not budget.affords(Spent(tokens=31), START)
    budget.share(Spent(tokens=670), [ours.id], 4, START)
    assert budget.affords(Spent(tokens=82), START)
    assert not budget.affords(Spent(tokens=83), START)


@dataclass
class Workers:
    """Workers that spend whatever they can afford, and the ledger they look at."""

    budgets: list[Budget]
    ledger: dict[str, int] = field(default_factory=dict)
    waiting: list[Call] = field(default_factory=list)  # spent, and not in the ledger yet

    @property
    def spent(self) -> int:
        return sum(self.ledger.values()) + sum(each.prompt_tokens for each in self.waiting)

    def spend(self, budget: Budget, tokens: int) -> None:
        if budget.affords(Spent(tokens), START):
            self.waiting.append(call(tokens=tokens))
            budget.spend(self.waiting[-1])

    def look(self, budget: Budget) -> None:
        entered = [each for each in budget.untold if each in self.ledger]
        budget.share(Spent(sum(self.ledger.values())), entered, len(self.budgets), START)

    def enter(self, place: int) -> None:
        if self.waiting:
            entered = self.waiting.pop(place % len(self.waiting))
            self.ledger[entered.id] = entered.prompt_tokens


WORK = st.sampled_from(("spend", "spend", "look", "enter"))
STEPS = st.lists(st.tuples(st.integers(0, 8), WORK, st.integers(0, 300)), min_size=30)


@given(st.integers(1, 9), st.integers(0, 1_000), STEPS, st.booleans())
def test_whatever_the_ledger_does(count: int, bound: int, steps: list[tuple[int, str, int]], moves: bool) -> None:
    """While it stands still they spend no more than the budget, and never twice as much."""
    workers = Workers([Budget(tokens=bound) for _ in range(count)])
    for budget in workers.budgets:
        workers.look(budget)
    for number, step, tokens in steps:
        budget = workers.budgets[number % count]
        if step == "spend":
            workers.spend(budget, tokens)
        elif step == "look":
            workers.look(budget)
        elif moves:
            workers.enter(tokens)
    assert workers.spent <= (2 * bound - bound // count if moves else bound)


@pytest.mark.parametrize("count", [1, 2, 9])
def test_workers_whose_ledger_stands_still_overdraw_it_by_one_answer_each_at_most(count: int) -> None:
    budgets = [Budget(tokens=1_000_000, spent=Spent(10_000), day=START.date()) for _ in range(count)]
    purses = [Purse(Model(lambda asked: asked.answer_tokens), budget, PRICES, lambda: START, 20) for budget in budgets]

    async def work(purse: Purse) -> None:
        purse.share(Spent(10_000), (), count, START)
        with suppress(NoAnswer):
            while True:
                await purse.ask(question(padding=700))
                purse.share(Spent(10_000), (), count, START)  # it looked again, in vain

    async def run() -> None:
        await asyncio.gather(*(work(purse) for purse in purses for _ in range(20)))

    asyncio.run(run())
    spent = sum(budget.spent(START).tokens - 10_000 for budget in budgets)
    assert 990_000 - 2 * count * ONE.tokens < spent < 990_000 + count * ONE.tokens


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
