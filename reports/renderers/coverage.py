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
    if not (coverage.commits or coverage.missing or coverage.not_collected):
        return words.say("coverage_none", repos=coverage.repos, zone=zone)
    counts = {escape(name): n for name, n in sorted(coverage.by_analyzer.items()) if n}
    by = [words.say("analyzer", name=name, n=n) for name, n in counts.items()] if len(counts) > 1 else list(counts)
    analyzed = sum(coverage.by_analyzer.values())
    numbers = {"repos": coverage.repos, "commits": coverage.commits, "analyzed": analyzed}
    return words.say("coverage", by=words.listed(by), zone=zone, **numbers)


def _as_of(report: ReportPublished) -> str:
    """Hours and minutes, with the date where that is not the report's."""
    local = report.as_of.astimezone(ZoneInfo(report.definition.zone))
    return f"{local:%H:%M}" if local.date() == report.day else local.isoformat(" ", "minutes")[:16]


def _not_collected(sections: Iterable[RepoSection], words: Catalogue, limit: int = 10) -> list[str]:
    failed = [section for section in sections if section.reason is not None]
    lines = [
        "⚠️ " + words.say("not_collected_source", source=source_name(section), reason=prose(section.reason or ""))
        for section in failed[:limit]
    ]
    if len(failed) > limit:
        lines.append("⚠️ " + words.say("more", n=len(failed) - limit))
    return lines


def source_name(section: RepoSection) -> str:
    """Repository and branch, as text."""
    name = escape(display(section.repo))
    return name if section.branch == "-" else f"{name} ({escape(section.branch)})"
