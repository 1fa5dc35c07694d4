"""An asker with a budget: so many questions at a time, and none that what is left may not afford."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime

from agents.llm.budget import Budget, Spent
from agents.llm.port import BUDGET, Answer, Asker, NoAnswer, Question, TooLong
from agents.llm.prices import Prices
from schemas.analyses import Call, Depth

_SHARE = 4  # of what a model may say, what it does say: one part in so many


class Purse:
    """Implements Asker. `prices` are those of the dearest endpoint, `slots` the questions at a time.

    While questions are under way what they may take at most is nobody else's: whoever finds the rest too small waits
    until it is known what they took. The last question goes alone, if what one takes as a rule is left. So a purse is
    overdrawn by one answer at most, however many ask at the same moment.
    """

    def __init__(self, asker: Asker, budget: Budget, prices: Prices, now: Callable[[], datetime], slots: int) -> None:
        self._asker = asker
        self._budget = budget
        self._prices = prices
        self._now = now
        self._free = asyncio.Semaphore(slots)
        self._returned = asyncio.Event()  # set, and replaced, whenever a question is over

    def depth(self, wanted: Depth) -> Depth:
        """The wanted depth, or the deepest one for which enough is left."""
        return self._budget.depth(wanted, self._now())

    @property
    def untold(self) -> Collection[str]:
        """The ids of the calls that the ledger did not have when it was last looked at."""
        return self._budget.untold

    def share(self, told: Spent, entered: Collection[str], workers: int, at: datetime) -> None:
        """So many workers spend together; the ledger said so much when it was looked at, `entered` of ours in it."""
        self._budget.share(told, entered, workers, at)

    async def ask(self, question: Question) -> Answer:
        """One answer. Raises NoAnswer, also when the budget is used up, or TooLong."""
        async with self._free:
            expected, most = (self._cost(question, question.answer_tokens // part) for part in (_SHARE, 1))
            await self._until_affordable(expected, most)
            try:
                with self._budget.reserve(expected, most):
                    return await self._ask(question)
            finally:
                self._returned.set()
                self._returned = asyncio.Event()

    async def _until_affordable(self, expected: Spent, most: Spent) -> None:
        while not self._budget.affords(most, self._now()):
            if not self._budget.could_afford(expected, self._now()):
                raise NoAnswer(BUDGET)
            if self._budget.is_idle:
                return
            await self._returned.wait()

    async def _ask(self, question: Question) -> Answer:
        try:
            answer = await self._asker.ask(question)
        except (NoAnswer, TooLong) as error:
            self._spend(error.calls)
            raise
        self._spend((*answer.vain, answer.call))
        return answer

    def _spend(self, calls: tuple[Call, ...]) -> None:
        for call in calls:
            self._budget.spend(call)

    def _cost(self, question: Question, answered: int) -> Spent:
        return Spent(question.tokens + answered, self._prices.cost(question.tokens, answered))
