"""Budgets by UTC day, and prices."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.llm.budget import Budget, Spent
from agents.llm.prices import Prices
from schemas.analyses import DEPTHS, Call, Depth
from tests.agents.llm.clock import START


def call(tokens: int = 0, cost: int = 0, days: int = 0) -> Call:
    return Call(
        id=uuid4().hex,
        purpose="analysis",
        endpoint="e",
        model="m",
        asked_at=START + timedelta(days=days),
        seconds=0,
        waited=0,
        attempts=1,
        prompt_tokens=tokens,
        cost=cost,
        outcome="good",
    )


@pytest.mark.parametrize(
    ("spent", "depth"),
    [
        (0, "deep"),
        (50, "deep"),
        (51, "standard"),
        (75, "standard"),
        (76, "brief"),
        (90, "brief"),
        (91, "static"),
        (200, "static"),
    ],
)
def test_depth_goes_down_as_the_budget_runs_out(spent: int, depth: Depth) -> None:
    by_tokens, by_money = Budget(tokens=100), Budget(money=100)
    by_tokens.spend(call(tokens=spent))
    by_money.spend(call(cost=spent))
    assert by_tokens.depth("deep", START) == depth
    assert by_money.depth("deep", START) == depth
    assert by_tokens.depth("brief", START) == min(depth, "brief", key=DEPTHS.index)


def test_without_a_bound_everything_is_as_wanted() -> None:
    budget = Budget()
    budget.spend(call(10**12, 10**12))
    assert budget.depth("deep", START) == "deep"


def test_nothing_can_be_spent_of_nothing() -> None:
    assert Budget(tokens=0).depth("brief", START) == "static"


def test_a_new_day_begins_with_a_full_budget() -> None:
    budget = Budget(tokens=100, spent=Spent(95), day=START.date())
    assert budget.depth("deep", START) == "static"
    tomorrow = START + timedelta(days=1)
    assert budget.depth("deep", tomorrow) == "deep"
    # asked yesterday, answered today: yesterday's
    budget.spend(call(100))
    assert budget.spent(tomorrow) == Spent(0)
    budget.spend(call(60, days=1))
    assert budget.depth("deep", tomorrow) == "standard"


def test_what_is_under_way_counts_as_gone() -> None:
    budget = Budget(tokens=100)
    with budget.reserve(Spent(40), Spent(45)), budget.reserve(Spent(40), Spent(45)):
        assert budget.depth("deep", START) == "brief"
        assert budget.affords(Spent(10), START)
        assert not budget.affords(Spent(11), START)
        assert budget.could_afford(Spent(100), START)
        assert not budget.could_afford(Spent(101), START)
    assert budget.depth("deep", START) == "deep"


@given(st.lists(st.integers(0, 30)), st.integers(1, 200))
def test_depth_never_rises_within_a_day(tokens: list[int], most: int) -> None:
    budget, before = Budget(tokens=most), "deep"
    for each in tokens:
        budget.spend(call(each))
        now = budget.depth("deep", START)
        assert DEPTHS.index(now) <= DEPTHS.index(before)
        before = now


def test_prices_are_for_a_million_tokens_and_costs_in_millionths() -> None:
    assert Prices(input=2.5, output=10).cost(1_000_000, 100_000) == 3_500_000
    assert Prices().cost(10**9, 10**9) == 0
