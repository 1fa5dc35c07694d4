"""What the merges among some commits brought to their first parents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas.commits import Brought
from streams.sources.commit_object import CommitObject, read_objects
from streams.sources.git import Git
from streams.sources.graph import brought, line, span
from streams.sources.message import title_of

LISTED = 20  # commits that a merge names


def brought_by_merges(git: Git, commits: Sequence[CommitObject]) -> dict[str, tuple[tuple[Brought, ...], int]]:
    """For each merge, the newest commits it brought (at most LISTED) and how many there are."""
    found = {sha: shas for merges in _lines(commits) for sha, shas in _arrivals(git, merges).items()}
    titles = _titles(git, commits, {sha for shas in found.values() for sha in shas[:LISTED]})
    return {
        merge: (tuple(Brought(sha=sha, title=titles[sha]) for sha in shas[:LISTED]), len(shas))
        for merge, shas in found.items()
    }


def _titles(git: Git, commits: Sequence[CommitObject], shas: set[str]) -> dict[str, str]:
    known = {commit.sha: commit for commit in commits}
    others = read_objects(git, sorted(shas - known.keys())) if shas - known.keys() else ()
    return {c.sha: title_of(c.message) for c in (*(known[sha] for sha in shas & known.keys()), *others)}


def _lines(commits: Sequence[CommitObject]) -> Iterator[list[str]]:
    """The merges, each once, newest first, with those further down its first-parent line: one walk answers them all.

    A line begins at a commit that no other continues, whatever the order of the commits.
    """
    parents: dict[str, Sequence[str]] = {commit.sha: commit.parents for commit in commits}
    continued = {of[0] for of in parents.values() if of}
    for newest in [sha for sha in parents if sha not in continued]:
        walked = line(parents, newest)
        if merges := [sha for sha in walked if len(parents.pop(sha)) > 1]:
            yield merges


def _arrivals(git: Git, merges: list[str]) -> dict[str, list[str]]:
    graph = span(git, merges[0], merges[-1])
    arrivals = brought(graph, reversed(line(graph.parents, merges[0])))
    return {sha: arrivals[sha] for sha in merges}
