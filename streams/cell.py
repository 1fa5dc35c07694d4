"""A value of the store as people read it."""

from __future__ import annotations

import json
from datetime import date, datetime


def text(value: object) -> str:
    """The same for a value and for what JSON makes of it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=text)
    return str(value)
