"""How an analysis speaks: a code with its arguments, and lists cut to what a reader takes in."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.phrase import Code, Phrase

LISTED = 8  # strings of a list that a phrase carries at most
_TEXT_LIMIT = 400  # characters of a text that a phrase carries at most


def say(code: Code, **args: str | int | tuple[str, ...]) -> Phrase:
    """The phrase of a code; the comment of each Code names its arguments."""
    return Phrase(code=code, args=args)


def first(strings: Sequence[str], limit: int = LISTED) -> tuple[str, ...]:
    """The first few."""
    return tuple(strings[:limit])


def short(text: str) -> str:
    """The text, or its beginning with "…"."""
    return text if len(text) <= _TEXT_LIMIT else text[: _TEXT_LIMIT - 1] + "…"
