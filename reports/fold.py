"""The fold: seals and answers of one day become its report. Pure; time is an argument."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from reports.changes import compare
from reports.window import CommitKey, CommitRow, Window
from schemas.analyses import Analysis, ChangeType
from schemas.commits import CommitObserved
from schemas.phrase import Code, Phrase
from schemas.reports import Coverage, LateCommit, ReportedCommit, ReportPublished, RepoSection, Stats
from schemas.scores import CommitScored, Part, Tier
from schemas.seals import DaySealed

# apart from these fields two reports with the same digest are the same
NOT_CONTENT = {"revision", "changes", "digest", "reference", "published_at", "as_of"}


def fold(
    window: Window, rows: Iterable[CommitRow], *, previous: ReportPublished | None, now: datetime
) -> ReportPublished:
    """The report of a sealed window. Its revision follows `previous`, whose digest tells whether anything changed."""
    known = {(row.observed.repo, row.observed.sha): row for row in rows}
    seals = [window.seals[source] for source in window.definition.sources]
    sections = tuple(_section(seal, known) for seal in seals)
    draft = ReportPublished(
        definition=window.definition,
        day=window.day,
        revision=previous.revision + 1 if previous else 1,
        start=min(seal.start for seal in seals),
        end=max(seal.end for seal in seals),
        complete=all(seal.complete for seal in seals),
        as_of=min(seal.sealed_at for seal in seals),
        coverage=_coverage(sections),
        sections=sections,
        late=tuple(late for seal in seals for late in _late(seal, known)),
        late_total=sum(seal.late_total for seal in seals),
        digest="",
        published_at=now,
    )
    changes = compare(previous, draft) if previous else None
    return draft.model_copy(update={"digest": digest(draft), "changes": changes})


def digest(report: ReportPublished) -> str:
    """32 hex digits of the content: the same when the same day is folded again."""
    text = report.model_dump_json(exclude=NOT_CONTENT)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _section(seal: DaySealed, known: Mapping[CommitKey, CommitRow]) -> RepoSection:
    rows = [known[seal.repo, sha] for sha in seal.shas if (seal.repo, sha) in known]
    commits = _linked_reverts([_reported(row) for row in rows])
    tiers = Counter(commit.tier for commit in commits)
    return RepoSection(
        repo=seal.repo,
        branch=seal.branch,
        reason=seal.reason,
        stats=Stats(commits=len(commits), high=tiers["high"], medium=tiers["medium"], low=tiers["low"]),
        commits=tuple(sorted(commits, key=lambda commit: commit.committed_at, reverse=True)),
        missing=tuple(sha for sha in seal.shas if (seal.repo, sha) not in known),
    )


def _reported(row: CommitRow) -> ReportedCommit:
    seen, analyzed = row.observed, row.analyzed
    tier, points, parts = _score(row.scored)
    return ReportedCommit(
        repo=seen.repo,
        sha=seen.sha,
        committed_at=seen.committed_at,
        author=seen.author.name,
        co_authors=seen.co_authors,
        title=seen.title,
        body=seen.body,
        is_merge=seen.is_merge,
        files=seen.files_total,
        additions=seen.additions,
        deletions=seen.deletions,
        tier=tier,
        points=points,
        parts=parts,
        analyzer=analyzed.analyzer if analyzed else "",
        status=analyzed.status if analyzed else "owed",
        reason=analyzed.reason if analyzed else None,
        analysis=analyzed.analysis if analyzed else _nothing_yet(seen),
    )


def _score(scored: CommitScored | None) -> tuple[Tier, int, tuple[Part, ...]]:
    return (scored.tier, scored.points, scored.parts) if scored else ("low", 0, ())


def _nothing_yet(seen: CommitObserved) -> Analysis:
    """Stands for an analysis that did not come in time: the title, and nothing beyond it."""
    title = Phrase(code=Code.SUMMARY_TITLE, args={"types": (ChangeType.OTHER.value,), "title": seen.title})
    return Analysis(change_types=(ChangeType.OTHER,), summary=(title,), scope=(Phrase(code=Code.SCOPE_UNKNOWN),))


def _linked_reverts(commits: list[ReportedCommit]) -> list[ReportedCommit]:
    """Each revert names what it reverts, and is named by it, when both stand in the section."""
    pairs = [(commit.sha, _reverted(commit, commits)) for commit in commits]
    reverts = {revert: target for revert, target in pairs if target}
    reverted_by = {target: revert for revert, target in reverts.items()}
    return [
        commit.model_copy(update={"reverts": reverts.get(commit.sha), "reverted_by": reverted_by.get(commit.sha)})
        if commit.sha in reverts or commit.sha in reverted_by
        else commit
        for commit in commits
    ]


def _reverted(commit: ReportedCommit, commits: list[ReportedCommit]) -> str | None:
    """The sha a revert names, else the newest older commit with the title that it quotes."""
    said = next((phrase for phrase in commit.analysis.summary if phrase.code == Code.SUMMARY_REVERT), None)
    if said is None:
        return None
    sha, title = str(said.args.get("sha", "")), said.args.get("title")
    if sha:
        return next((other.sha for other in commits if other.sha.startswith(sha) and other is not commit), None)
    older = [c for c in commits if _is_titled(c, title) and c.committed_at <= commit.committed_at and c is not commit]
    return max(older, key=lambda other: other.committed_at).sha if older else None


def _is_titled(commit: ReportedCommit, title: object) -> bool:
    """A squashed commit's title ends in the number of its pull request, which a quote may lack."""
    return title in (commit.title, re.sub(r" \(#\d+\)$", "", commit.title))


def _late(seal: DaySealed, known: Mapping[CommitKey, CommitRow]) -> Iterable[LateCommit]:
    for arrival in seal.late:
        row = known.get((seal.repo, arrival.sha))
        if row is not None:
            yield LateCommit(
                repo=seal.repo,
                sha=arrival.sha,
                day=arrival.day,
                committed_at=row.observed.committed_at,
                author=row.observed.author.name,
                title=row.observed.title,
                tier=_score(row.scored)[0],
            )


def _coverage(sections: tuple[RepoSection, ...]) -> Coverage:
    # A commit on two branches stands in two sections, and is one.
    commits = {(commit.repo, commit.sha): commit for section in sections for commit in section.commits}.values()
    statuses = Counter(commit.status for commit in commits)
    return Coverage(
        commits=len(commits),
        repos=len({section.repo for section in sections}),
        by_analyzer=dict(sorted(Counter(c.analyzer for c in commits if c.status == "done").items())),
        owed=statuses["owed"],
        failed=statuses["failed"],
        missing=len({(section.repo, sha) for section in sections for sha in section.missing}),
        unknown_size=sum(commit.files is None and not commit.is_merge for commit in commits),
        not_collected=sum(section.reason is not None for section in sections),
    )
