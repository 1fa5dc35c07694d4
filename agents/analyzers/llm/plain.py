"""What a model wrote, as plain sentences: no structure of its own, nothing unseen, nothing half said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

SENTENCE_LIMIT = 700  # characters; who says more in a sentence does not say one
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_LINES = re.compile("[\n\r\x0b\x0c\x85\u2028\u2029]+")
_SPACES = re.compile(r"\s+")
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})")
_STRUCTURE = re.compile(r"\s*(?:#{1,6}(?:\s|$)|\||[=_*-]{3,}\s*$|<[A-Za-z/!?]|!\[|\[\^?[^\]]*\]:)")
_BULLET = re.compile(r"\s*(?:>|[-*+•·]\s)")
_ITEM = re.compile(r"^\s*(?:>\s*)*(?:[-*+•·]\s+|\d{1,2}[.)、]\s*(?!\d))")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_SPAN = re.compile(r"`[^`]{1,300}`|「[^「」]{1,300}」|“[^“”]{1,300}”|《[^《》]{1,300}》")
_END = re.compile(r"[。！？；](?:[」』”’）)\"'])*|[.!?](?:[\"'”’)])*(?=\s|$|[\u4e00-\u9fff])")
_ABBREVIATED = re.compile(
    r"\b(?:e\.g|i\.e|vs|cf|approx|resp|incl|viz|Dr|Mr|Mrs|Ms)\."
    r"|\b(?:etc|al|Inc|Ltd|Corp)\.(?=\s+[a-z0-9(])|\b(?:[Nn]o|Fig|Sec|St)\.(?=\s*\d)"
)
_ENDED = re.compile(r"[。！？!?.](?:[」』”’）)\"'`])*$")
_BROKEN = re.compile(r"[,，、:：;；(（\[【{<「《“‘/\\=+\-–—…]$|\.\.\.$")
_PAIRS = (("(", ")"), ("（", "）"), ("「", "」"), ("“", "”"), ("《", "》"))


class Plain(NamedTuple):
    """The sentences of a text in their order, and how many lines or fragments were no sentences.

    What a Chinese semicolon ends counts as one of its own: it can stand, or not, without the rest.
    """

    sentences: tuple[str, ...]
    dropped: int


def sentences_of(text: str, stop: str) -> Plain:
    """The sentences; `stop` is put behind one that lacks its full stop."""
    found: list[str] = []
    dropped = 0
    for number, (line, begins) in enumerate(_prose(text)):
        if not line:
            dropped += 1
            continue
        *whole, last = _split(line)
        found += whole
        if ended := _ended(last, stop, begins or number == 0):
            found.append(ended)
        else:
            dropped += 1
    kept = [sentence for sentence in found if len(sentence) <= SENTENCE_LIMIT and not _begins_structure(sentence)]
    return Plain(tuple(kept), dropped + len(found) - len(kept))


def closed(sentences: Iterable[str], stop: str) -> tuple[str, ...]:
    """The sentences with those that a semicolon ends joined to what follows, or ended where nothing does."""
    found: list[str] = []
    begun = ""
    for sentence in sentences:
        begun += sentence
        if not begun.endswith("；"):
            found.append(begun)
            begun = ""
    return (*found, begun[:-1] + stop) if begun else tuple(found)


def _begins_structure(sentence: str) -> bool:
    """Whether it would be more than a sentence at the beginning of a line, where it may come to stand."""
    return bool(_FENCE.match(sentence) or _STRUCTURE.match(sentence) or _BULLET.match(sentence))


def _prose(text: str) -> Iterator[tuple[str, bool]]:
    """Line by line without marks: the line and whether a list's item begins there; "" for one that is structure."""
    fenced = False
    for line in _LINES.split(text):
        if _FENCE.match(line):
            fenced = not fenced
        elif fenced or _STRUCTURE.match(line):
            yield "", False
        elif flat := _flat(line):
            yield flat, _ITEM.match(line) is not None


def _flat(line: str) -> str:
    line = _ITEM.sub("", _UNSEEN.sub("", line), count=1)
    return _SPACES.sub(" ", _STRONG.sub(r"\2", line)).strip()


def _split(line: str) -> list[str]:
    """The sentences of a line; the last one may lack its end. None ends within quotes, code or an abbreviation."""
    spans = [(match.start(), match.end() - 1) for match in _SPAN.finditer(line)]
    spans += [match.span() for match in _ABBREVIATED.finditer(line)]
    found, begin = [], 0
    for match in _END.finditer(line):
        if not any(a < match.end() <= b for a, b in spans):
            found.append(line[begin : match.end()].strip())
            begin = match.end()
    return [*found, line[begin:].strip()] if line[begin:].strip() or not found else found


def _ended(sentence: str, stop: str, may_lack: bool) -> str:
    """The sentence with its full stop, "" when it is cut off."""
    if _BROKEN.search(sentence) or sentence.count("`") % 2:
        return ""
    if any(sentence.count(left) > sentence.count(right) for left, right in _PAIRS):
        return ""
    if _ENDED.search(sentence):
        return sentence
    return sentence + stop if may_lack and re.search(r"\w", sentence) else ""
