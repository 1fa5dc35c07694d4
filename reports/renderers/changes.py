"""The end of a report: commits that arrived late, and what a revision changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from reports.catalogue import Catalogue
from reports.renderers.commit import MARKS, CommitWriter, commit_address
from reports.renderers.escape import escape
from schemas.repo import display
from schemas.reports import Changed, Changes, LateCommit, ReportPublished, Retiered

SHOWN = 50  # commits of each kind of change that are listed

Href = Callable[[str, str], str]
"""Where a commit of this report stands, "" for one that does not."""


def late_entries(report: ReportPublished, words: Catalogue, writer: CommitWriter) -> list[str]:
    """One line per late commit, newest first as given."""
    lines = [_late(commit, report, words, writer) for commit in report.late]
    unlisted = report.late_total - len(report.late)
    return [*lines, words.say("late_more", n=unlisted)] if unlisted > 0 else lines


def _late(commit: LateCommit, report: ReportPublished, words: Catalogue, writer: CommitWriter) -> str:
    label = writer.label(commit.title)
    url = commit_address(commit.repo, commit.sha)
    day = commit.day.isoformat()
    parts = [
        escape(display(commit.repo)) if len(report.definition.repos) > 1 else "",
        escape(commit.author),
        f"[{words.say('late_report', day=day)}]({day}.{words.language}.md)",
    ]
    title = f"[{label}]({url})" if url else label
    return f"{MARKS[commit.tier]} {title} · {' · '.join(part for part in parts if part)}"


def changed_entries(
    changes: Changes | None, words: Catalogue, writer: CommitWriter, href: Href
) -> list[dict[str, Any]]:
    """What changed, each with the commits it concerns; empty when there is nothing to say."""
    if changes is None:
        return []
    said: list[dict[str, Any]] = [{"text": text, "commits": []} for text in _statements(changes, words)]
    for name in ("added", "removed", "retiered", "reanalyzed"):
        commits = getattr(changes, name)
        if commits:
            lines = [_changed(commit, words, writer, href) for commit in commits[:SHOWN]]
            if len(commits) > SHOWN:
                lines.append(words.say("more", n=len(commits) - SHOWN))
            said.append({"text": f"{words.say(name)} ({len(commits)})", "commits": lines})
    return said


def _statements(changes: Changes, words: Catalogue) -> Iterable[str]:
    if changes.completed:
        yield words.say("completed")
    if changes.redefined:
        yield words.say("redefined")
    for name in ("collected", "lost"):
        repos = [escape(display(repo)) for repo in getattr(changes, name)]
        if repos:
            yield words.say(name, repos=words.listed(repos, SHOWN))
    if changes.late_added:
        yield words.say("late_added", n=changes.late_added)


def _changed(commit: Changed | Retiered, words: Catalogue, writer: CommitWriter, href: Href) -> str:
    label = writer.label(commit.title)
    target = href(commit.repo, commit.sha) or commit_address(commit.repo, commit.sha)
    line = f"[{label}]({target})" if target else label
    if isinstance(commit, Retiered):
        before, after = (f"{MARKS[tier]} {words.tiers[tier]}" for tier in (commit.before, commit.after))
        line += f" · {words.say('tier_change', before=before, after=after)}"
    return line
