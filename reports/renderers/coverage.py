"""What a report can vouch for, in a few lines; never more than its event says."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from reports.catalogue import Catalogue
from reports.renderers.escape import escape, prose
from schemas.repo import display
from schemas.reports import ReportPublished, RepoSection

SHORTFALLS = ("owed", "failed", "missing", "unknown_size", "not_collected")


def coverage_lines(report: ReportPublished, words: Catalogue) -> list[str]:
    """One line of what there is; then, where there is such, up to when, what is missing, which revision."""
    zone = escape(report.definition.zone)
    lines = [_line(report, words, zone)]
    if not report.complete:
        lines.append("⏳ " + words.say("as_of", time=_as_of(report), zone=zone))
    counts = [(name, getattr(report.coverage, name)) for name in SHORTFALLS]
    short = [words.say(name, n=n) for name, n in counts if n]
    if short:
        lines.append("⚠️ " + " · ".join(short))
    lines += _not_collected(report.sections, words)
    if report.revision > 1:
        lines.append("🔁 " + words.say("revision", n=report.revision))
    return lines


def _line(report: ReportPublished, words: Catalogue, zone: str) -> str:
    coverage = report.coverage
    counts = {escape(name): n for name, n in sorted(coverage.by_analyzer.items()) if n}
    by = [words.say("analyzer", name=name, n=n) for name, n in counts.items()] if len(counts) > 1 else list(counts)
    numbers = {
        "repos": coverage.repos,
        "reached": _reached(report.sections),
        "commits": coverage.commits,
        "analyzed": sum(coverage.by_analyzer.values()),
    }
    return words.say(_sentence(report), by=words.listed(by), zone=zone, **numbers)


def _sentence(report: ReportPublished) -> str:
    """Which sentence fits: a count is only said of what could be counted."""
    coverage, sections = report.coverage, report.sections
    if sections and all(section.reason is not None for section in sections):
        return "coverage_failed"
    some = _reached(sections) < coverage.repos and coverage.not_collected
    if coverage.commits or coverage.missing or (coverage.not_collected and not some):
        return "coverage_some" if some else "coverage"
    return "coverage_none_some" if some else "coverage_none"


def _reached(sections: Iterable[RepoSection]) -> int:
    """Repositories of which something is known: collected now, or before."""
    return len({section.repo for section in sections if section.reason is None or section.stats.commits})


def _as_of(report: ReportPublished) -> str:
    """Hours and minutes, with the date where that is not the report's."""
    local = report.as_of.astimezone(ZoneInfo(report.definition.zone))
    return f"{local:%H:%M}" if local.date() == report.day else local.isoformat(" ", "minutes")[:16]


def _not_collected(sections: Iterable[RepoSection], words: Catalogue, limit: int = 10) -> list[str]:
    failed = [section for section in sections if section.reason is not None]
    lines = [
        "⚠️ "
        + words.say("not_collected_source", source=_source_name(section, words), reason=prose(section.reason or ""))
        for section in failed[:limit]
    ]
    if len(failed) > limit:
        lines.append("⚠️ " + words.say("more", n=len(failed) - limit))
    return lines


def _source_name(section: RepoSection, words: Catalogue) -> str:
    return f"{escape(display(section.repo))} ({branch_name(section.branch, words)})"


def branch_name(branch: str, words: Catalogue) -> str:
    """A source's branch in words: commits may come from a file, too, or from a HEAD that names no branch."""
    if branch == "-":
        return words.say("file")
    return escape(branch) if branch == "HEAD" else words.say("branch", branch=escape(branch))
