"""What a report can vouch for, in a few lines; never more than its event says."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from reports.catalogue import Catalogue
from reports.renderers.escape import cut, escape, prose
from schemas.repo import display
from schemas.reports import Coverage, Opening, ReportPublished, RepoSection

SHORTFALLS = ("owed", "shallower", "forgiven", "failed", "missing", "unknown_size", "not_collected")

REASON_COLUMNS = 160


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
    if report.coverage.why_owed:
        lines.append("⚠️ " + words.whole(words.say("why_owed", reasons=_reasons(report.coverage, words))))
    lines += _not_collected(report.sections, words)
    if report.revision > 1:
        lines.append("🔁 " + words.say("revision", n=report.revision))
    return lines


def _line(report: ReportPublished, words: Catalogue, zone: str) -> str:
    coverage = report.coverage
    counts = {escape(name): n for name, n in sorted(coverage.by_analyzer.items()) if n}
    by = [words.say("analyzer", name=name, n=n) for name, n in counts.items()] if len(counts) > 1 else list(counts)
    said = words.listed(by)
    if counts and not coverage.owed and all(name.startswith("static/") for name in counts):
        said = words.say("static_only", by=said)
    numbers = {
        "repos": coverage.repos,
        "reached": _reached(report.sections),
        "commits": coverage.commits,
        "analyzed": sum(coverage.by_analyzer.values()),
    }
    return words.say(_sentence(report), by=said, zone=zone, **numbers)


def _reasons(coverage: Coverage, words: Catalogue) -> str:
    said = [
        words.say("why", reason=prose(cut(words.reason(why), REASON_COLUMNS)), n=n)
        for why, n in coverage.why_owed.items()
    ]
    return words.punctuation["clause"].join(said)


def opening_line(opening: Opening | None, words: Catalogue) -> str:
    """The day's opening, said to be a model's; "" where there is none."""
    if opening is None or not opening.text.strip():
        return ""
    return words.say("opening", model=escape(opening.effort.model), text=words.whole(prose(opening.text)))


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
