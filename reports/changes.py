"""What a revision changed against the one before it."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.reports import Changed, Changes, ReportedCommit, ReportPublished, Retiered

_Commits = dict[tuple[str, str], ReportedCommit]


def compare(before: ReportPublished, after: ReportPublished) -> Changes:
    """The differences a reader of `before` wants to know; everything empty when there are none."""
    old, new = _commits(before), _commits(after)
    kept = [(old[key], new[key]) for key in new if key in old]
    late = {(late.repo, late.sha) for late in before.late}
    return Changes(
        added=_named(new[key] for key in new if key not in old),
        removed=_named(old[key] for key in old if key not in new),
        retiered=tuple(
            Retiered(repo=b.repo, sha=b.sha, title=b.title, before=a.tier, after=b.tier)
            for a, b in kept
            if a.tier != b.tier
        ),
        reanalyzed=_named(b for a, b in kept if (a.status, a.depth, a.analysis) != (b.status, b.depth, b.analysis)),
        late_added=sum((commit.repo, commit.sha) not in late for commit in after.late),
        completed=after.complete and not before.complete,
        collected=tuple(sorted(_uncollected(before) - _uncollected(after))),
        lost=tuple(sorted(_uncollected(after) - _uncollected(before))),
        redefined=before.definition != after.definition,
    )


def _commits(report: ReportPublished) -> _Commits:
    return {(commit.repo, commit.sha): commit for section in report.sections for commit in section.commits}


def _named(commits: Iterable[ReportedCommit]) -> tuple[Changed, ...]:
    return tuple(Changed(repo=commit.repo, sha=commit.sha, title=commit.title) for commit in commits)


def _uncollected(report: ReportPublished) -> set[str]:
    return {section.repo for section in report.sections if section.reason is not None}
