"""What a body says: a break, and why, in the author's own first sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SENTENCE_LIMIT = 400
_LINES_READ = 200
_BREAKING = re.compile(r"[\s*_#>-]*BREAKING[ -]CHANGES?\b[*_\s]*[:：]")
# lines that explain nothing: trailers, lists, headings, quotes, code, links, templates of forges
_NO_PROSE = re.compile(
    r"[A-Z][\w-]+: *\S+$|[\w-]+-by:|see merge request|this reverts|refs?:|fixes: |from:|conflicts:|diff --git|"
    r"(?:fixes|fix|closes|close|resolves|refs?|related|see|issue|bug|cc|link|change-id|pr|jira|part of)\b[:\s]+"
    r"(?:also )?(?:#|\S+/\S*#|!|https?:|[A-Z]+-\d)|"
    r"co-authored|\(?cherry[- ]pick|[-*+•>|#~=]|```|\d+[.)] |<|!?\[|https?://|@|bumps? \[",
    re.I,
)
# A set of characters comes first: then the search for it is fast.
_END = re.compile(
    r"[.!?。！？](?:(?<=[。！？])|(?<!\be\.g.)(?<!\bi\.e.)(?<!\bvs.)(?<!\bcf.)(?=[\"')]*(?:\s|$)))[\"')]*"
)
_WRAPPED = range(45, 90)  # characters of a line that an editor has probably broken
_SPACE = re.compile(r"\s+")


def says_breaking(body: Sequence[str]) -> bool:
    """Whether a line begins with `BREAKING CHANGE:`."""
    return any(_BREAKING.match(line) for line in body)


def first_sentence(body: Sequence[str]) -> str | None:
    """The first sentence of prose, None when the body holds lists, trailers and links only."""
    text = _SPACE.sub(" ", " ".join(_paragraph(body[:_LINES_READ]))).strip()
    end = _END.search(text)
    sentence = text[: end.end()] if end else text
    if len(sentence) > _SENTENCE_LIMIT:
        return sentence[: _SENTENCE_LIMIT - 1].rstrip() + "…"
    return sentence if " " in sentence or len(sentence) > _WRAPPED.start or not sentence.isascii() else None


def _paragraph(lines: Iterable[str]) -> Iterable[str]:
    """The first lines of prose that run on."""
    previous, length = "", 0
    for line in lines:
        line = line.strip()[:_SENTENCE_LIMIT]
        if not line or _NO_PROSE.match(line):
            if previous:
                return
            continue
        if previous and not _runs_on(previous, line):
            return
        yield line
        previous, length = line, length + len(line)
        if length > _SENTENCE_LIMIT:
            return


def _runs_on(line: str, following: str) -> bool:
    return following[0].islower() or len(line) in _WRAPPED
