"""The order of a page: the repositories of a report, their commits, and an anchor for each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.repo import display
from schemas.reports import ReportedCommit, ReportPublished, RepoSection, Stats
from schemas.scores import TIERS

RESERVED = ("contents", "late", "changes", "end")


@dataclass(frozen=True, slots=True)
class Group:
    """One repository's day: what its branches' sections say together, each commit once."""

    repo: str
    anchor: str
    inner: Mapping[str, str]  # the anchors of its statistics and its tiers, by name
    sections: tuple[RepoSection, ...]
    commits: tuple[ReportedCommit, ...]  # newest first
    stats: Stats

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(sha for section in self.sections for sha in section.missing))


class Outline:
    """Groups in the order of the report, and the anchors of all commits by (repo, sha)."""

    def __init__(self, report: ReportPublished) -> None:
        self._taken = Counter(RESERVED)
        sections: dict[str, list[RepoSection]] = {}
        for section in report.sections:
            sections.setdefault(section.repo, []).append(section)
        self.groups = tuple(self._group(repo, tuple(of)) for repo, of in sections.items())
        self.anchors = {
            (group.repo, commit.sha): self._anchor(f"{display(group.repo)}-{commit.sha[:12]}")
            for group in self.groups
            for commit in group.commits
        }

    def _group(self, repo: str, sections: tuple[RepoSection, ...]) -> Group:
        distinct = {commit.sha: commit for section in sections for commit in section.commits}
        commits = tuple(sorted(distinct.values(), key=lambda commit: commit.committed_at, reverse=True))
        anchor = self._anchor(f"repo-{display(repo)}")
        inner = {name: self._anchor(f"{anchor}-{name}") for name in ("statistics", *TIERS)}
        return Group(repo, anchor, inner, sections, commits, _stats(sections, commits))

    def _anchor(self, name: str) -> str:
        """ASCII, and no other one's on this page."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "x"
        self._taken[slug] += 1
        if self._taken[slug] == 1:
            return slug
        return self._anchor(f"{slug}-{self._taken[slug]}")


def _stats(sections: tuple[RepoSection, ...], commits: tuple[ReportedCommit, ...]) -> Stats:
    """Counted, because a commit may be on two branches; as given where an event carries no commits."""
    if not commits:
        given = [section.stats.model_dump() for section in sections]
        return Stats(**{name: sum(stats[name] for stats in given) for name in Stats.model_fields})
    tiers = Counter(commit.tier for commit in commits)
    return Stats(commits=len(commits), **{tier: tiers[tier] for tier in TIERS})
