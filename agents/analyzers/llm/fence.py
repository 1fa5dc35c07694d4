"""Untrusted text in a question: shown whole, on its own lines, between marks that it cannot write itself."""

from __future__ import annotations

import hashlib
import re

# controls but for tab and newline, direction marks, zero-width characters and lone surrogates: nobody sees them
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufff9-\ufffb]"
)
_SPACES = re.compile(r"\s+")


def visible(text: str) -> str:
    """The text with what has no shape written out: a reviewer wants to see it, and nothing may act on a terminal."""
    return _UNSEEN.sub(lambda match: f"<U+{ord(match[0]):04X}>", text.replace("\r\n", "\n"))


def line(text: str, limit: int) -> str:
    """The text on one line of at most `limit` characters."""
    flat = _SPACES.sub(" ", _UNSEEN.sub(" ", text)).strip()
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def mark_of(*texts: str) -> str:
    """A mark that occurs in none of the texts, the same for the same texts."""
    digest = hashlib.blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=6)
    while any(digest.hexdigest() in text for text in texts):
        digest.update(b"again")
    return digest.hexdigest()


def fenced(name: str, text: str, mark: str) -> str:
    """The text between `<<<NAME mark` and `NAME mark>>>`."""
    return f"<<<{name} {mark}\n{text.rstrip(chr(10))}\n{name} {mark}>>>"
