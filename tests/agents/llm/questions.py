"""Questions as an analyzer asks them, and titles for which the endpoint draws the wanted fault."""

from __future__ import annotations

from collections.abc import Awaitable
from random import Random
from typing import Any

from agents.llm.port import Message, NoAnswer, Question, TooLong

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"summary": {"type": "string"}, "risks": {"type": "array", "items": {"type": "string"}}},
    "required": ["summary", "risks"],
    "additionalProperties": False,
}
_SEED = 7  # of the endpoint


def question(
    title: str = "Add a cache", language: str = "en", *, padding: int = 0, answer_tokens: int = 2000
) -> Question:
    """A question about one commit."""
    head = f"Commit: owner/name@{'0' * 40}\nTitle: {title}\nLanguage: {language}\n\n"
    messages = (Message("system", "You analyze commits."), Message("user", head + "x" * padding))
    return Question(messages, SCHEMA, "analysis", answer_tokens, "analysis")


def draws(title: str, attempt: int) -> float:
    """What the endpoint draws for the attempt (from 1) with this title: a fault if it is below its probability."""
    return Random(f"{_SEED}/{title}/{attempt}").random()


def failing_once(stem: str) -> str:
    """A title that meets a fault of probability 0.5 at the first attempt, and none at the second."""
    titles = (f"{stem} {n}" for n in range(1000))
    return next(t for t in titles if draws(t, 1) < 0.5 <= draws(t, 2))


async def refusal(asking: Awaitable[object]) -> NoAnswer:
    """The NoAnswer that the question ends in."""
    try:
        await asking
    except NoAnswer as error:
        return error
    raise AssertionError("there was an answer")


async def too_long(asking: Awaitable[object]) -> TooLong:
    """The TooLong that the question ends in."""
    try:
        await asking
    except TooLong as error:
        return error
    raise AssertionError("it was not too long")
