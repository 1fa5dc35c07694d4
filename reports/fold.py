"""The fold: seals and answers of one day become its report. Pure; time is an argument."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from reports.changes import compare
from reports.window import CommitKey, CommitRow, Window
from schemas.analyses import DEPTHS, Analysis, ChangeType, CommitAnalyzed, Importance
from schemas.commits import CommitObserved
from schemas.phrase import Code, Phrase
from schemas.reports import Coverage, LateCommit, ReportedCommit, ReportPublished, RepoSection, Stats
from schemas.scores import CommitScored, Part, Tier
from schemas.seals import DaySealed

REASONS = 5  # reasons of debts that are counted, the most frequent ones

# Apart from these fields two reports with the same digest are the same. What an analysis took, and why one is owed
# still, is told as it was when the report was made, and is worth no revision by itself.
NOT_CONTENT: dict[str, Any] = {
    **dict.fromkeys(("revision", "changes", "digest", "reference", "published_at", "as_of", "opening"), True),
    "coverage": {"why_owed"},
    "sections": {"__all__": {"commits": {"__all__": {"effort", "reason"}}}},
}

_Claim = tuple[str, str]  # sha, or the beginning of one, and title; empty where the message names none


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
        late=tuple({(late.repo, late.sha): late for seal in seals for late in _late(seal, known)}.values()),
        late_total=_late_total(seals),
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
    commits = _linked_reverts([_reported(row) for row in rows], {row.observed.sha: _claim(row) for row in rows})
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
    seen, scored = row.observed, row.scored
    tier, points, parts = _score(scored)
    importance = row.analyzed.importance if row.analyzed else None
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
        parts=tuple(_readable(part, importance) for part in parts),
        ruled=scored.ruled if scored else None,
        opinion=scored.opinion if scored else None,
        **_answer(row),
    )


def _answer(row: CommitRow) -> dict[str, Any]:
    """The fields of a ReportedCommit that say how it was analyzed."""
    shown, debt = row.analyzed or row.debt, _debt(row)
    if shown is None:
        return {"analyzer": "", "status": "owed", "analysis": _nothing_yet(row.observed)}
    told = debt or shown  # of a debt, what was tried in vain
    status = "owed" if _is_awaited(row) else told.status
    return {
        "analyzer": shown.analyzer,
        "depth": shown.depth,
        "status": status,
        "reason": _shortfall(told) if status == "done" else told.reason,
        "analysis": shown.analysis,
        "effort": told.effort,
    }


def owes(row: CommitRow) -> bool:
    """Whether the model's analysis of a commit is still to come."""
    debt = _debt(row)
    return debt.status == "owed" if debt else row.analyzed is None or _is_awaited(row)


def _debt(row: CommitRow) -> CommitAnalyzed | None:
    """What stands in place of a model's analysis; an earlier one that was made is no debt."""
    return row.debt if row.analyzed is None or row.analyzed.depth == "static" else None


def _is_awaited(row: CommitRow) -> bool:
    """Whether a window was closed before the model had answered: the score rests on an answer, or waits for one."""
    if row.debt or row.scored is None or row.analyzed is None or row.analyzed.depth != "static":
        return False
    return row.analyzed.status == "done" and (not row.scored.final or row.scored.opinion is not None)


def _shortfall(analyzed: CommitAnalyzed) -> str | None:
    """Why an analysis is less deep than wanted; None when it is not."""
    return analyzed.reason or "" if DEPTHS.index(analyzed.depth) < DEPTHS.index(analyzed.wanted) else None


def _score(scored: CommitScored | None) -> tuple[Tier, int, tuple[Part, ...]]:
    return (scored.tier, scored.points, scored.parts) if scored else ("low", 0, ())


def _readable(part: Part, importance: Importance | None) -> Part:
    """An opinion with the reason that the shown analysis gives: the score's may be in another report's language."""
    if part.evidence.code != Code.PART_OPINION:
        return part
    tier = part.evidence.args["tier"]
    reason = importance.reason if importance is not None and importance.tier == tier else ""
    evidence = Phrase(code=Code.PART_OPINION, args={"tier": tier, "reason": reason})
    return replace(part, evidence=evidence)


def _nothing_yet(seen: CommitObserved) -> Analysis:
    """Stands for an analysis that did not come in time: the title, and nothing beyond it."""
    title = Phrase(code=Code.SUMMARY_TITLE, args={"types": (ChangeType.OTHER.value,), "title": seen.title})
    return Analysis(change_types=(ChangeType.OTHER,), summary=(title,), scope=(Phrase(code=Code.SCOPE_UNKNOWN),))


def _claim(row: CommitRow) -> _Claim | None:
    """What a commit says it reverts; where a model's analysis does not say it, message and facts are asked."""
    if row.analyzed is None:
        return None
    facts, summary = row.analyzed.facts, row.analyzed.analysis.summary
    said = next((phrase for phrase in summary if phrase.code == Code.SUMMARY_REVERT), None)
    if said is not None:
        return str(said.args.get("sha", "")), str(said.args.get("title"))
    if ChangeType.REVERT not in facts.change_types:
        return None
    quoted = re.search("[\"'“](.+)[\"'”]", row.observed.title)
    return facts.reverts or "", quoted[1] if quoted else ""


def _linked_reverts(commits: list[ReportedCommit], claims: Mapping[str, _Claim | None]) -> list[ReportedCommit]:
    """Each revert names what it reverts, and is named by it, when both stand in the section."""
    pairs = [(commit.sha, _reverted(commit, claims[commit.sha], commits)) for commit in commits]
    reverts = {revert: target for revert, target in pairs if target}
    reverted_by = {target: revert for revert, target in reverts.items()}
    return [
        replace(commit, reverts=reverts.get(commit.sha), reverted_by=reverted_by.get(commit.sha))
        if commit.sha in reverts or commit.sha in reverted_by
        else commit
        for commit in commits
    ]


def _reverted(commit: ReportedCommit, claim: _Claim | None, commits: list[ReportedCommit]) -> str | None:
    """The sha a revert names, else the newest older commit with the title that it quotes."""
    if claim is None:
        return None
    sha, title = claim
    if sha:
        return next((other.sha for other in commits if other.sha.startswith(sha) and other is not commit), None)
    older = [c for c in commits if _is_titled(c, title) and c.committed_at <= commit.committed_at and c is not commit]
    return max(older, key=lambda other: other.committed_at).sha if older else None


def _is_titled(commit: ReportedCommit, title: str) -> bool:
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


def _late_total(seals: Sequence[DaySealed]) -> int:
    """How many commits arrived late: one that did on two branches is one, as far as the seals name them."""
    named = [(seal.repo, arrival.sha) for seal in seals for arrival in seal.late]
    return sum(seal.late_total for seal in seals) - (len(named) - len(set(named)))


def _coverage(sections: tuple[RepoSection, ...]) -> Coverage:
    # A commit on two branches stands in two sections, and is one.
    commits = {(commit.repo, commit.sha): commit for section in sections for commit in section.commits}.values()
    statuses = Counter(commit.status for commit in commits)
    shallower = [commit for commit in commits if commit.status == "done" and commit.reason is not None]
    owed = [commit for commit in commits if commit.status == "owed"]
    return Coverage(
        commits=len(commits),
        repos=len({section.repo for section in sections}),
        by_analyzer=dict(sorted(Counter(_by_whom(c) for c in commits if c.status == "done").items())),
        owed=len(owed),
        why_owed=_most(commit.reason for commit in (*owed, *shallower)),
        forgiven=statuses["forgiven"],
        shallower=len(shallower),
        failed=statuses["failed"],
        missing=len({(section.repo, sha) for section in sections for sha in section.missing}),
        unknown_size=sum(commit.files is None and not commit.is_merge for commit in commits),
        not_collected=sum(section.reason is not None for section in sections),
    )


def _by_whom(commit: ReportedCommit) -> str:
    return f"{commit.analyzer} ({commit.effort.model})" if commit.effort and commit.effort.model else commit.analyzer


def _most(reasons: Iterable[str | None]) -> dict[str, int]:
    """The most frequent reasons and how often each is given, in an order that hangs on nothing else."""
    counts = Counter(reason for reason in reasons if reason)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:REASONS])
