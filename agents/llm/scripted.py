"""A model that follows a script: it answers in the form that is asked for, or fails as it is told to."""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal

from agents.llm.attempts import Attempts
from agents.llm.filling import fill
from agents.llm.limits import Limits
from agents.llm.port import Answer, NoAnswer, Question, TooLong
from agents.llm.prices import Prices
from agents.llm.reply import RawReply

Fault = Literal[
    "", "transient", "permanent", "too_long", "length", "empty", "filter", "refusal", "refusaltext", "badjson", "prose"
]
NAME, MODEL = "scripted", "scripted-1"
_WORDS = {"zh": "{name}：本次提交「{title}」的说明。", "en": "{name}: about the commit “{title}”."}
_REFUSALS = {"zh": "抱歉，我无法协助处理这个请求。", "en": "I'm sorry, but I can't help with that."}


class Scripted:
    """Implements Asker without a network. Each question takes the next fault of the script; "" is none.

    An answer fills the question's schema with sentences that name the commit by its `Title:` line, in the language of
    the `Language:` line.
    """

    def __init__(self, now: Callable[[], datetime], faults: Iterable[Fault] = ()) -> None:
        self._now = now
        self._faults = deque(faults)
        self.asked: list[Question] = []

    async def ask(self, question: Question) -> Answer:
        """One answer. Raises NoAnswer or TooLong where the script says so."""
        self.asked.append(question)
        attempts = Attempts(NAME, question, self._now(), asyncio.get_running_loop().time)
        attempts.model = MODEL
        fault = self._faults.popleft() if self._faults else ""
        with attempts.one():
            await asyncio.sleep(0)
        self._raise(fault, attempts)
        reply = _reply(question, fault)
        return Answer(reply.text, reply.finish, reply.refusal, attempts.answered(reply, Prices()))

    def _raise(self, fault: Fault, attempts: Attempts) -> None:
        if fault == "too_long":
            attempts.error = "400 bad request: too long"
            raise TooLong(None, (attempts.failed("too_long"),))
        if fault == "transient":
            attempts.error = "503 service unavailable"
            raise NoAnswer(attempts.error, (attempts.failed("transient"),))
        if fault == "permanent":
            attempts.error = "403 forbidden"
            raise NoAnswer(attempts.error, (attempts.failed("permanent"),))


def _reply(question: Question, fault: Fault) -> RawReply:
    text, finish, refusal = _text(question), "stop", ""
    language = _language(question)
    match fault:
        case "length":
            text, finish = text[: len(text) // 2], "length"
        case "empty":
            text, finish = "", ""
        case "filter":
            text, finish = "", "content_filter"
        case "refusal":
            text, refusal = "", _REFUSALS[language]
        case "refusaltext":
            text = _REFUSALS[language]
        case "badjson":
            text = text.replace(":", "=", 2).rstrip("}")
        case "prose":
            text = f"```json\n{text}\n```"
    return RawReply(text, finish, refusal, 0, 0, Limits())


def _text(question: Question) -> str:
    words = _WORDS[_language(question)].replace("{title}", _line("Title", question) or "")
    value = fill(question.schema, lambda name: words.replace("{name}", name))
    return json.dumps(value, ensure_ascii=False)


def _language(question: Question) -> str:
    return "zh" if (_line("Language", question) or "en").lower().startswith("zh") else "en"


def _line(label: str, question: Question) -> str | None:
    text = "\n".join(m.content for m in question.messages)
    found = re.search(rf"^{label}:[ \t]*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else None
