"""One question on its way to one endpoint: what was tried so far, and the record of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal
from uuid import uuid4

from agents.llm.port import Question
from agents.llm.prices import Prices
from agents.llm.reply import RawReply
from agents.llm.tokens import estimate
from schemas.analyses import Call

Failure = Literal["too_long", "transient", "permanent"]


class Attempts:
    """`seconds` is a steady clock; `asked_at` the time of day when the question was asked."""

    def __init__(self, endpoint: str, question: Question, asked_at: datetime, seconds: Callable[[], float]) -> None:
        self.question = question
        self.model = ""
        self.error = ""
        self.alone = False  # finds out for all others how the endpoint is
        self.failures = 0  # on the wire, refusals for the rate apart
        self.refusals = 0
        self.patience_spent = 0.0  # seconds that errors and refusals asked to wait
        self.sent_at = 0.0
        self._endpoint = endpoint
        self._asked_at = asked_at
        self._seconds = seconds
        self._began = seconds()
        self._busy = 0.0
        self._count = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Measure one attempt."""
        self._count += 1
        began = self._seconds()
        try:
            yield
        finally:
            self._busy += self._seconds() - began

    def answered(self, reply: RawReply, prices: Prices) -> Call:
        """The record of a question that was answered. Tokens that the endpoint does not count are estimated."""
        prompt = reply.prompt_tokens or self.question.tokens
        completion = reply.completion_tokens or (estimate(reply.text) if reply.text else 0)
        call = self.failed("transient")
        tokens = {"prompt_tokens": prompt, "completion_tokens": completion, "cost": prices.cost(prompt, completion)}
        return call.model_copy(update={"outcome": "good", **tokens})

    def failed(self, outcome: Failure) -> Call:
        """The record of a question that was not answered."""
        total = self._seconds() - self._began
        return Call(
            id=uuid4().hex,
            purpose=self.question.purpose,
            endpoint=self._endpoint,
            model=self.model,
            asked_at=self._asked_at,
            seconds=round(self._busy, 3),
            waited=round(max(0.0, total - self._busy), 3),
            attempts=self._count,
            outcome=outcome,
            error=self.error,
        )

    def made(self) -> bool:
        """Was anything sent at all?"""
        return self._count > 0
