"""A key, and texts in which it must not be seen."""

from __future__ import annotations

import re

from pydantic import SecretStr

MASK = "***"
_LONGEST = 200
_SHORTEST = 6  # what is shorter may stand in any text
# keys of others, half masked keys that an endpoint repeats, headers
_KEY_LIKE = re.compile(r"\b(?:Bearer\s+\S+|(?:sk|nvapi|gsk|hf|xai|pplx|AIza)[-_][\w*.-]{6,}|AIza[\w-]{20,})")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+")
_OPAQUE = re.compile(r"(?<=/)(?=[a-zA-Z]*\d)(?=\d*[a-zA-Z])[a-zA-Z\d]{24,}(?=/|$)")


def one_line(text: str, key: SecretStr) -> str:
    """`text` as a line of at most 200 characters, without the key and without what looks like one."""
    # masked before it is cut: no beginning of a key is left at the end
    secret = key.get_secret_value()
    masked = text.replace(secret, MASK) if secret else text
    line = _UNSEEN.sub(" ", _KEY_LIKE.sub(MASK, masked)).strip()
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def without_key(text: str, key: SecretStr) -> str:
    """`text` as a model wrote it, without the key."""
    secret = key.get_secret_value()
    return text.replace(secret, MASK) if len(secret) >= _SHORTEST else text


def masked_path(path: str) -> str:
    """The path of a URL without parts that look like a key: some gateways take keys there."""
    return _OPAQUE.sub(MASK, _KEY_LIKE.sub(MASK, path))
