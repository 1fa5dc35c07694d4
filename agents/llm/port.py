"""What an agent asks a model, and what comes back: the port between analyzers and endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from agents.llm.tokens import estimate
from schemas.analyses import Call

Purpose = Literal["analysis", "part", "merging", "opening"]
BUDGET = "the budget of the day is used up"  # a reason of debts; the catalogues have words for it


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Question:
    """`schema` is the JSON schema of the wanted answer; how it reaches the model is the endpoint's business.

    `answer_tokens` bounds the answer.
    """

    messages: tuple[Message, ...]
    schema: Mapping[str, Any]
    schema_name: str
    answer_tokens: int
    purpose: Purpose

    @property
    def tokens(self) -> int:
        """How many tokens it takes, guessed."""
        return sum(estimate(message.content) for message in self.messages)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said. `call` is marked good; whoever reads the text says otherwise when it is not.

    `vain` are the calls to other endpoints, which did not answer.
    """

    text: str
    finish: str  # "stop", "length", "content_filter", …; "" when there was no choice at all
    refusal: str
    call: Call
    vain: tuple[Call, ...] = ()


class NoAnswer(Exception):
    """No endpoint answers now. `calls` were made in vain; `reason` is one short line for the report, without keys."""

    def __init__(self, reason: str, calls: tuple[Call, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.calls = calls


class TooLong(Exception):
    """The question is longer than the model reads. `limit` is its context in tokens, where the endpoint said so."""

    def __init__(self, limit: int | None, calls: tuple[Call, ...]) -> None:
        super().__init__("the question is longer than the model reads")
        self.limit = limit
        self.calls = calls


class Asker(Protocol):
    """An endpoint, or a chain of them."""

    async def ask(self, question: Question) -> Answer:
        """One answer. Raises NoAnswer or TooLong. Retries on the wire are its own business."""
        ...


@dataclass(frozen=True, slots=True)
class Health:
    """What is remembered of an endpoint across restarts; times are ISO 8601 with offset, "" for none.

    `formats` maps a model to how answers in JSON are asked for: "json_schema", "json_object" or "text".
    `of` is the fingerprint of the key and the model that it was found out with: another key may be welcome.
    """

    state: Literal["unknown", "well", "open", "banned"] = "unknown"
    retry_at: str = ""
    wait_seconds: float = 0.0
    reason: str = ""
    formats: Mapping[str, str] = field(default_factory=dict)
    of: str = ""


class HealthRecord(Protocol):
    """Where the health of endpoints is kept."""

    async def load(self, endpoint: str) -> Health: ...

    async def save(self, endpoint: str, health: Health) -> None: ...
