"""What a message refers to: pull requests, and the commit that it takes back."""

from __future__ import annotations

import re

from agents.analyzers.titles import READ_LIMIT, Title
from schemas.analyses import ChangeType
from schemas.commits import CommitObserved

BODY_LIMIT = 20_000  # characters of a body that are read

_QUOTED = re.compile(r"[\"'“].*[\"'”]", re.S)
_PULLS = (
    re.compile(r"\(#(\d{1,9})\)"),
    re.compile(r"^merge pull request #(\d{1,9})\b", re.I),
    re.compile(r"^merged in \S+ \(pull request #(\d{1,9})\)", re.I),
    re.compile(r"^merged pr #?(\d{1,9})\b", re.I),
)
_MERGE_REQUEST = re.compile(r"^see merge request \S*!(\d{1,9})\b", re.I)
_REVERTS = re.compile(r"\bthis (?:partially )?(?:reverts|reapplies) commits?:?\s+([0-9a-f]{7,64})\b", re.I)
_REFS = re.compile(r"^refs?:?\s+([0-9a-f]{7,64})\b", re.I | re.M)
_BARE_SHA = re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])([0-9a-f]{7,64})\b")


def body_text(commit: CommitObserved) -> str:
    """The beginning of the body."""
    return "\n".join(commit.body)[:BODY_LIMIT]


def pull_requests(commit: CommitObserved) -> tuple[int, ...]:
    """The pull or merge requests that the message says it came through; those of a quoted title are another's."""
    title = _QUOTED.sub("", commit.title[:READ_LIMIT])
    found = [int(number) for pattern in _PULLS for number in pattern.findall(title)]
    lines = map(_MERGE_REQUEST.match, body_text(commit).split("\n"))
    return tuple(dict.fromkeys([*found, *(int(match[1]) for match in lines if match)]))


def reverted_sha(commit: CommitObserved, title: Title) -> str | None:
    """The commit that the message says it reverts, as far as it names one.

    Where the title speaks of no revert, only a body that begins with one counts: squashed bodies quote others.
    """
    text = body_text(commit)
    if ChangeType.REVERT in title.types or title.verb is ChangeType.REVERT or title.scope == "revert":
        match = _REVERTS.search(text) or _REFS.search(text) or _BARE_SHA.search(commit.title[:READ_LIMIT])
    else:
        match = _REVERTS.match(text)
    return match[1].lower()[:64] if match else None
