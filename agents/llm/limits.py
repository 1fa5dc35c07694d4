"""What the headers of an answer say about the rate: how many requests, and when."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


@dataclass(frozen=True, slots=True)
class Limits:
    """`x-ratelimit-*-requests`, None for what is not said. `reset` is in seconds."""

    requests: int | None = None
    remaining: int | None = None
    reset: float | None = None


def read_limits(headers: Mapping[str, str]) -> Limits:
    """Read the headers of an answer; names are lower case, or `headers` does not mind."""
    return Limits(
        requests=_count(headers.get("x-ratelimit-limit-requests")),
        remaining=_count(headers.get("x-ratelimit-remaining-requests")),
        reset=seconds_of(headers.get("x-ratelimit-reset-requests") or ""),
    )


def seconds_of(text: str) -> float | None:
    """The seconds that a duration such as "6m0s", "12s", "20ms" or "1.5" means; None when it is none."""
    text = text.strip()
    if _number(text) is not None:
        return _number(text)
    parts = list(_PART.finditer(text))
    if not parts or "".join(p[0] for p in parts) != text:
        return None
    return sum(float(p[1]) * _UNITS[p[2]] for p in parts)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds that an answer asks to wait: `retry-after-ms`, or `Retry-After` in seconds or as a date."""
    milliseconds = _number(headers.get("retry-after-ms") or "")
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after") or ""
    seconds = seconds_of(text)
    if seconds is not None:
        return seconds
    until = _date(text)
    # the endpoint's own clock, where it shows it: ours may differ
    return max(0.0, (until - (_date(headers.get("date") or "") or now)).total_seconds()) if until else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _count(text: str | None) -> int | None:
    number = _number(text or "")
    return None if number is None else int(number)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
