"""The commit graph of a span: which commits each merge of a first-parent line brought to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from streams.sources.commit_object import git_epoch
from streams.sources.git import Git


@dataclass(slots=True)
class Graph:
    """Parents, and dates as git knows them (epoch seconds), in git's order: newest first."""

    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dates: dict[str, int] = field(default_factory=dict)


def read_graph(git: Git, *arguments: str) -> Graph:
    """The commits that `git rev-list` selects with these arguments."""
    graph = Graph()
    with git.stream("rev-list", "--parents", "--timestamp", *arguments, "--") as running:
        for line in running.stdout:
            date, sha, *parents = line.decode("ascii").split()
            graph.parents[sha] = tuple(parents)
            graph.dates[sha] = git_epoch(int(date))
    return graph


def span(git: Git, newest: str, oldest: str) -> Graph:
    """What `newest` reaches and the first parent of `oldest` does not."""
    return read_graph(git, newest, f"^{oldest}^1")


def line(parents: Mapping[str, Sequence[str]], newest: str) -> list[str]:
    """The commits on the way from `newest` along first parents, as far as they are known."""
    found = []
    sha = newest
    while sha in parents:
        found.append(sha)
        if not parents[sha]:
            break
        sha = parents[sha][0]
    return found


def brought(graph: Graph, first_parents: Iterable[str]) -> dict[str, list[str]]:
    """For each commit of a first-parent line, given oldest first, what it reaches and the one before does not.

    The lists are in git's order. The graph must hold all that the line reaches and the parent of its oldest does not.
    """
    seen: set[str] = set()
    owner: dict[str, str] = {}
    arrivals: dict[str, list[str]] = {}
    for sha in first_parents:
        seen.add(sha)
        waiting = list(graph.parents[sha][1:])
        arrivals[sha] = []
        while waiting:
            commit = waiting.pop()
            if commit not in seen and commit in graph.parents:
                seen.add(commit)
                owner[commit] = sha
                waiting.extend(graph.parents[commit])
    for commit in graph.parents:
        if commit in owner:
            arrivals[owner[commit]].append(commit)
    return arrivals
