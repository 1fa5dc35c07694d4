"""A report as JSON: the whole event, as a file that people and programs read."""

from __future__ import annotations

from reports.renderers.file import File
from schemas.reports import ReportPublished


def render_json(report: ReportPublished) -> File:
    """`DATE.json`: one form for equal events; `ReportPublished.model_validate_json` reads it back."""
    return File(f"{report.day.isoformat()}.json", report.model_dump_json(indent=1) + "\n")
