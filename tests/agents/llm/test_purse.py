"""A budget that many draw on at the same moment: it is not overdrawn, and nobody is refused what could be had."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.llm.budget import Budget, Spent
from agents.llm.port import BUDGET, Answer, NoAnswer, Question
from agents.llm.prices import Prices
from agents.llm.purse import Purse
from schemas.analyses import Call
from tests.agents.llm.clock import START
from tests.agents.llm.questions import question, refusal

PRICES = Prices(input=2.0, output=10.0)
COMMITS = 60


@dataclass
class Model:
    """Implements Asker: takes turns with all others, and so many tokens of an answer as `says`."""

    says: Callable[[Question], int]
    turns: Callable[[], int] = lambda: 1
    fails: bool = False
    calls: list[Call] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def ask(self, question: Question) -> Answer:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        for _ in range(self.turns()):
            await asyncio.sleep(0)
        self.at_once -= 1
        call = _call(question.tokens, self.says(question))
        if self.fails:
            raise NoAnswer("the endpoint answers 503", (call.model_copy(update={"outcome": "transient"}),))
        self.calls.append(call)
        return Answer("{}", "stop", "", call)


def _call(asked: int, answered: int) -> Call:
    return Call(
        id=uuid4().hex,
        purpose="analysis",
        endpoint="e",
        model="m",
        asked_at=START,
        seconds=0,
        waited=0,
        attempts=1,
        prompt_tokens=asked,
        completion_tokens=answered,
        cost=PRICES.cost(asked, answered),
        outcome="good",
    )


def _all_at_once(model: Model, budget: Budget, slots: int = COMMITS) -> list[str]:
    """The reasons of those that got no answer."""

    async def one(purse: Purse) -> str:
        try:
            await purse.ask(question(padding=700))
        except NoAnswer as error:
            return error.reason
        return ""

    async def go() -> list[str]:
        purse = Purse(model, budget, PRICES, lambda: START, slots)
        async with asyncio.timeout(20):
            return await asyncio.gather(*(one(purse) for _ in range(COMMITS)))

    return [reason for reason in asyncio.run(go()) if reason]


def _most(asked: Question) -> Spent:
    return Spent(asked.tokens + asked.answer_tokens, PRICES.cost(asked.tokens, asked.answer_tokens))


ONE = _most(question(padding=700))  # what it may take
RULE = Spent(*(each - extra for each, extra in zip((ONE.tokens, ONE.money), (1500, 15000), strict=True)))  # and does


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 1.0])
@pytest.mark.parametrize("calls", [0, 1, 7, 20])
@pytest.mark.parametrize("by", ["tokens", "money"])
def test_many_at_the_same_moment_do_not_overdraw_it(by: str, calls: int, share: float) -> None:
    """By more than one answer, even when each is as long as it may be; what stays is less than one takes as a rule."""
    bound = Spent(ONE.tokens * calls + 1, ONE.money * calls + 1)
    budget = Budget(tokens=bound.tokens) if by == "tokens" else Budget(money=bound.money)
    model = Model(lambda asked: int(asked.answer_tokens * share))
    refused = _all_at_once(model, budget)
    spent = budget.spent(START)
    took, one, rule, most = (getattr(each, by) for each in (spent, ONE, RULE, bound))
    assert took <= most + one - rule
    assert len(model.calls) + len(refused) == COMMITS
    assert set(refused) <= {BUDGET}
    assert not refused or most - took < rule


def test_who_finds_the_rest_too_small_waits_for_those_under_way() -> None:
    model = Model(lambda _: 1)
    assert _all_at_once(model, Budget(tokens=ONE.tokens * 3)) == [BUDGET] * (COMMITS - len(model.calls))
    assert model.most_at_once == 3
    assert len(model.calls) > 3


def test_the_last_one_goes_alone() -> None:
    model = Model(lambda asked: asked.answer_tokens // 4)
    assert _all_at_once(model, Budget(tokens=ONE.tokens - 1)) == [BUDGET] * (COMMITS - len(model.calls))
    assert (len(model.calls), model.most_at_once) == ((ONE.tokens - 1) // RULE.tokens, 1)


def test_what_came_to_nothing_is_given_back() -> None:
    model = Model(lambda _: 0, fails=True)
    budget = Budget(tokens=ONE.tokens * 100)
    assert _all_at_once(model, budget, slots=4) == ["the endpoint answers 503"] * COMMITS
    assert model.most_at_once == 4
    assert budget.could_afford(Spent(ONE.tokens), START)
    assert budget.affords(Spent(budget_left := ONE.tokens * 100 - budget.spent(START).tokens), START)
    assert not budget.affords(Spent(budget_left + 1), START)


def test_without_a_bound_all_are_asked_at_once() -> None:
    model = Model(lambda asked: asked.answer_tokens)
    assert _all_at_once(model, Budget()) == []
    assert model.most_at_once == COMMITS


def test_of_nothing_nothing_is_asked() -> None:
    model = Model(lambda _: 0)
    purse = Purse(model, Budget(tokens=0), PRICES, lambda: START, 1)
    assert asyncio.run(refusal(purse.ask(question()))).reason == BUDGET
    assert model.calls == []


@given(st.integers(0, 25), st.integers(1, 20), st.integers())
def test_whatever_they_take_and_whenever_they_end(calls: int, slots: int, seed: int) -> None:
    random = Random(seed)
    model = Model(lambda asked: random.randint(0, asked.answer_tokens), lambda: random.randint(0, 5))
    budget = Budget(ONE.tokens * calls, ONE.money * calls)
    refused = _all_at_once(model, budget, slots)
    spent = budget.spent(START)
    assert spent.tokens <= ONE.tokens * (calls + 1) - RULE.tokens
    assert spent.money <= ONE.money * (calls + 1) - RULE.money
    assert (
        not refused or spent.tokens + RULE.tokens > ONE.tokens * calls or spent.money + RULE.money > ONE.money * calls
    )
