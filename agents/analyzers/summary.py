"""The summary: sentences of which the first one alone tells what the commit is."""

from __future__ import annotations

from collections.abc import Iterator

from agents.analyzers.bodies import first_sentence
from agents.analyzers.facts import is_boundary
from agents.analyzers.phrases import first, say, short
from agents.analyzers.titles import Title
from schemas.analyses import ChangeType, Facts
from schemas.commits import CommitObserved
from schemas.phrase import Code, Phrase

_AREAS = 3
_TITLES = 3


def summary_of(commit: CommitObserved, title: Title, facts: Facts) -> tuple[Phrase, ...]:
    """What it is, why (when the author explains), how large, and where."""
    return tuple(_sentences(commit, title, facts))


def brought_unknown(commit: CommitObserved) -> bool:
    """Whether nobody said what a merge brought, which differs from a merge that brought nothing."""
    return not commit.brought_total and (commit.detail == "message" or is_boundary(commit))


def _sentences(commit: CommitObserved, title: Title, facts: Facts) -> Iterator[Phrase]:
    yield _headline(commit, title, facts)
    sentence = first_sentence(commit.body)
    if sentence and sentence not in commit.title:
        yield say(Code.SUMMARY_BODY, text=sentence)
    if not facts.is_merge:
        yield _size(commit, facts)
    elif brought_unknown(commit):
        yield say(Code.SUMMARY_BOUNDARY if is_boundary(commit) else Code.SUMMARY_UNKNOWN_SIZE)
    if facts.areas:
        names = [area.name for area in facts.areas]
        yield say(Code.SUMMARY_AREAS, areas=first(names, _AREAS), more=max(0, len(names) - _AREAS))


def _headline(commit: CommitObserved, title: Title, facts: Facts) -> Phrase:
    if facts.is_merge and not brought_unknown(commit):
        return _merge(commit)
    if ChangeType.REVERT in facts.change_types:
        return say(Code.SUMMARY_REVERT, title=short(title.reverted or title.subject), sha=facts.reverts or "")
    types = tuple(kind.value for kind in facts.change_types if kind is not ChangeType.OTHER)
    return say(Code.SUMMARY_TITLE, types=types, title=short(title.subject))


def _merge(commit: CommitObserved) -> Phrase:
    if not commit.brought_total:
        return say(Code.SUMMARY_MERGE_NOTHING)
    titles = tuple(short(entry.title) for entry in commit.brought[:_TITLES])
    more = max(0, commit.brought_total - len(titles))
    return say(Code.SUMMARY_MERGE, commits=commit.brought_total, titles=titles, more=more)


def _size(commit: CommitObserved, facts: Facts) -> Phrase:
    if is_boundary(commit):
        return say(Code.SUMMARY_BOUNDARY)
    if facts.files is None:
        return say(Code.SUMMARY_UNKNOWN_SIZE)
    if not facts.files:
        return say(Code.SUMMARY_EMPTY)
    counts = {"additions": facts.additions or 0, "deletions": facts.deletions or 0}
    return say(Code.SUMMARY_SIZE, files=facts.files, **counts)
