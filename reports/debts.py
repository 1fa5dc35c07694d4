"""Debts of a report: whether a new revision would say more than that some of them were paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from schemas.analyses import Analysis
from schemas.reports import Coverage, ReportedCommit, ReportPublished, RepoSection, Stats

PATIENCE = timedelta(days=1)  # between revisions that only tell of debts while others are left
_Keys = frozenset[tuple[str, str]]
_ANY = Analysis(change_types=(), summary=(), scope=())


def only_debts_differ(before: ReportPublished, after: ReportPublished) -> bool:
    """Whether the two reports say the same, apart from what was owed in the first one."""
    owed = frozenset(
        (commit.repo, commit.sha)
        for section in before.sections
        for commit in section.commits
        if commit.status == "owed"
    )
    return _rest(before, owed) == _rest(after, owed)


def _rest(report: ReportPublished, owed: _Keys) -> tuple[object, ...]:
    """What a report says apart from these debts. An analysis moves its commit's tier, also where it arrived late."""
    return (
        report.definition,
        (report.start, report.end, report.complete),
        tuple(_without(section, owed) for section in report.sections),
        tuple(replace(late, tier="low") for late in report.late),
        report.late_total,
        _counted(report.coverage),
    )


def _without(section: RepoSection, owed: _Keys) -> RepoSection:
    commits = tuple(_neutral(commit, (commit.repo, commit.sha) in owed) for commit in section.commits)
    return section.model_copy(update={"commits": commits, "stats": Stats(commits=section.stats.commits)})


def _neutral(commit: ReportedCommit, is_owed: bool) -> ReportedCommit:
    told: dict[str, Any] = {"effort": None, "reason": None}
    if is_owed:
        told |= {"tier": "low", "points": 0, "parts": (), "ruled": None, "opinion": None}
        told |= {"analyzer": "", "depth": "static", "status": "owed", "analysis": _ANY}
    return replace(commit, **told)


def _counted(coverage: Coverage) -> tuple[int, ...]:
    """The counts that hang on no analysis."""
    return (coverage.commits, coverage.repos, coverage.missing, coverage.unknown_size, coverage.not_collected)
