"""A key, and texts in which it must not be seen."""

from __future__ import annotations

import re

from pydantic import SecretStr

MASK = "***"
_LONGEST = 200
# keys of others, half masked keys that an endpoint repeats, headers
_KEY_LIKE = re.compile(r"\b(?:Bearer\s+\S+|(?:sk|nvapi|gsk|hf|xai|pplx|AIza)[-_][\w*.-]{6,}|AIza[\w-]{20,})")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")


def one_line(text: str, key: SecretStr) -> str:
    """`text` as a line of at most 200 characters, without the key and without what looks like one."""
    # masked before it is cut: no beginning of a key is left at the end
    secret = key.get_secret_value()
    masked = text.replace(secret, MASK) if secret else text
    line = _UNSEEN.sub(" ", _KEY_LIKE.sub(MASK, masked)).strip()
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
