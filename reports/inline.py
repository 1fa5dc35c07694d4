"""What of a report travels on the topic: all of it, or a summary with a reference when it is large."""

from __future__ import annotations

from schemas.reports import INLINE_LIMIT, ReportPublished


def inline(report: ReportPublished, limit: int = INLINE_LIMIT) -> ReportPublished:
    """The report itself, or, above `limit` bytes, without its commits and with where the whole event is."""
    if len(report.model_dump_json().encode()) <= limit:
        return report
    sections = tuple(section.model_copy(update={"commits": (), "missing": ()}) for section in report.sections)
    reference = f"reports/{report.definition.name}/{report.day}/{report.revision}"
    return report.model_copy(update={"sections": sections, "late": (), "changes": None, "reference": reference})
