"""Days: calendar dates in a zone, as UTC intervals of 23, 24 or 25 hours (other lengths where a zone jumps)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2261, 12, 31, 23, 59, 59, tzinfo=UTC)  # what every store keeps in 64 bits of nanoseconds

_LAST_SECOND = int(LATEST.timestamp())


def clamp(epoch_seconds: int) -> datetime:
    """The instant, or the nearest one that every part of the system can keep: git allows any 64-bit number."""
    return EARLIEST + timedelta(seconds=min(max(0, epoch_seconds), _LAST_SECOND))


@lru_cache(maxsize=4096)
def interval(day: date, zone: str) -> tuple[datetime, datetime]:
    """The day's first instant and the first one after it, in UTC (equal for a date that the zone skipped)."""
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _midnight(day: date, zone: str) -> datetime:
    # A midnight that the zone skips becomes the instant of the jump, a doubled one the first of the two (PEP 495).
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def day_of(instant: datetime, zone: str) -> date:
    """The day whose interval holds the instant; near a jump that is not always the date on the wall."""
    day = instant.astimezone(ZoneInfo(zone)).date()
    start, end = interval(day, zone)
    if instant < start:
        return day - timedelta(days=1)
    return day if instant < end else day + timedelta(days=1)
