"""What an endpoint sends back when all went well on the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agents.llm.limits import Limits
from agents.llm.wire import Transient

_MOST_TOKENS = 10**8  # who counts more does not count tokens


@dataclass(frozen=True, slots=True)
class RawReply:
    """`finish` is "" when there was no choice at all. Tokens are 0 where the endpoint does not count them."""

    text: str
    finish: str
    refusal: str
    prompt_tokens: int
    completion_tokens: int
    limits: Limits


def read_reply(body: object, limits: Limits, clean: Callable[[str], str]) -> RawReply:
    """Read a chat completion. Raises Transient when it is none: a proxy in between, or an error with status 200.

    `clean` makes a line without keys of what the endpoint says.
    """
    if not isinstance(body, dict) or not isinstance(body.get("choices"), list):
        error = body.get("error") if isinstance(body, dict) else None
        said = error.get("message") if isinstance(error, dict) else error
        raise Transient(clean(f"no chat completion in the answer{f': {said}' if said else ''}"))
    first = next((c for c in body["choices"] if isinstance(c, dict)), {})
    message = _mapping(first.get("message"))
    usage = _mapping(body.get("usage"))
    return RawReply(
        text=_text(message.get("content")),
        finish=clean(_text(first.get("finish_reason"))) or ("stop" if first else ""),
        refusal=_text(message.get("refusal")),
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        limits=limits,
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """Halves of surrogate pairs, which no file and no table can hold, become question marks."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_TOKENS else 0
