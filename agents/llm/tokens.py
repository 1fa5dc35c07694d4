"""How many tokens a text takes, guessed so that the guess is rarely too low."""

from __future__ import annotations

_ASCII = 3.5  # characters of code or English in a token
_OTHER = 3  # bytes of other scripts in a token: one ideograph


def estimate(text: str) -> int:
    """Tokens, rounded up."""
    plain = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    other = 0 if plain == len(text) else len(text.encode("utf-8", "replace")) - plain
    return int(plain / _ASCII + other / _OTHER) + 1


def cut(text: str, tokens: int) -> str:
    """The beginning of the text that takes at most so many tokens, up to a line's end where one is near."""
    if estimate(text) <= tokens:
        return text
    low, high = 0, min(len(text), int(tokens * _ASCII) + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if estimate(text[:middle]) <= tokens else (low, middle - 1)
    line = text.rfind("\n", 0, low) + 1
    return text[: line if line > low // 2 else low]
