"""A question asked until the answer can be used, each time told what was wrong with the last one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from string import Template
from typing import TypeVar

from agents.analyzers.llm.fence import fenced, mark_of
from agents.analyzers.llm.reply import Wrong, text_of
from agents.llm.port import Answer, Asker, Message, NoAnswer, Question, TooLong
from agents.llm.tokens import cut
from schemas.analyses import Call

T = TypeVar("T")
_QUOTED_TOKENS = 400  # of a wrong answer that is shown to the model
_LONGEST = 4  # times the tokens of an answer, after it was cut


class Unusable(Exception):
    """No attempt brought an answer that can be used; `outcome` is what was wrong with the last one."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Dialogue:
    """Asks, and keeps every call in `calls`, whatever came of it."""

    def __init__(self, asker: Asker, attempts: int) -> None:
        self.calls: list[Call] = []
        self._asker = asker
        self._attempts = attempts

    async def ask(self, question: Question, corrections: Mapping[str, str], read: Callable[[str, bool], T]) -> T:
        """What `read` makes of the answer; it raises Wrong, and is told whether it is to be content with what it gets.

        Raises Unusable, NoAnswer or TooLong.
        """
        asked, wrong, doubted = question, Wrong("empty"), False
        for attempt in range(1, self._attempts + 1):
            answer = await self._one(asked)
            try:
                value = read(text_of(answer), doubted or attempt == self._attempts)
            except Wrong as error:
                wrong, doubted = error, doubted or error.doubtful
                self.calls.append(answer.call.model_copy(update={"outcome": error.outcome, "error": error.complaint}))
                asked = _corrected(question, asked, answer.text, error, corrections)
                continue
            self.calls.append(answer.call)
            return value
        raise Unusable(wrong.outcome)

    async def _one(self, question: Question) -> Answer:
        try:
            answer = await self._asker.ask(question)
        except (NoAnswer, TooLong) as error:
            self.calls.extend(error.calls)
            raise
        self.calls.extend(answer.vain)
        return answer


def _corrected(
    question: Question, asked: Question, text: str, wrong: Wrong, corrections: Mapping[str, str]
) -> Question:
    """The question again with what was wrong, in its last message: some endpoints refuse two of a role in a row."""
    said = cut(text, _QUOTED_TOKENS)
    mark = mark_of(said, *(message.content for message in question.messages))
    correction = Template(corrections[wrong.outcome]).substitute(complaint=wrong.complaint)
    quoted = f"{fenced('ANSWER', said, mark)}\n\n" if said.strip() else ""
    *before, last = question.messages
    messages = (*before, Message(last.role, f"{last.content}\n\n{quoted}{correction}"))
    longer = min(asked.answer_tokens * 2, question.answer_tokens * _LONGEST)
    return replace(question, messages=messages, answer_tokens=longer if wrong.outcome == "cut" else asked.answer_tokens)
