"""What is known of a commit, for checking what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agents.analyzers.llm.checking import Evidence
from schemas.analyses import Facts
from schemas.commits import CommitObserved


def evidence_of(commit: CommitObserved, facts: Facts, shown: Iterable[str]) -> Evidence:
    """Message, paths, patch and counts of a commit, and what was shown of it."""
    return Evidence.of([*_texts(commit), *shown], _numbers(commit, facts))


def _texts(commit: CommitObserved) -> Iterator[str]:
    yield from (commit.repo, commit.sha, commit.title, *commit.body, *(commit.parents or ()))
    yield from (path for file in commit.files for path in (file.path, file.old_path) if path)
    yield from (f"{brought.sha} {brought.title}" for brought in commit.brought)
    for moment in (commit.committed_at, commit.authored_at):
        yield f"{moment:%Y-%m-%d} {moment.year}年{moment.month}月{moment.day}日"
    yield commit.patch


def _numbers(commit: CommitObserved, facts: Facts) -> Iterator[int | None]:
    additions, deletions = commit.additions, commit.deletions
    yield from (commit.files_total, additions, deletions, facts.source_lines, commit.brought_total or None)
    if additions is not None and deletions is not None:
        yield additions + deletions
    for file in commit.files:
        yield from (file.additions, file.deletions)
    yield from facts.kinds.values()
    yield from facts.pull_requests
    for area in facts.areas:
        yield from (area.files, area.additions, area.deletions)
