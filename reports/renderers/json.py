"""A report as JSON: the whole event, as a file that people and programs read."""

from __future__ import annotations

import json

from reports.renderers.file import File
from schemas.reports import ReportPublished


def render_json(report: ReportPublished) -> File:
    """`DATE.json`: one form for equal events; `ReportPublished.model_validate_json` reads it back."""
    text = json.dumps(report.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True)
    return File(f"{report.day.isoformat()}.json", text + "\n")
