"""Days are intervals: they follow one another without a gap, whatever the zone does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.day import EARLIEST, LATEST, clamp, day_of, interval

ZONES = sorted(available_timezones() - {"localtime"})


@given(st.sampled_from(ZONES), st.dates(date(1970, 1, 2), date(2100, 1, 1)), st.integers(0, 86_399))
def test_every_instant_is_in_exactly_its_day(zone: str, day: date, second: int) -> None:
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=second)
    start, end = interval(day_of(instant, zone), zone)
    assert start <= instant < end
    assert interval(day + timedelta(days=1), zone)[0] == interval(day, zone)[1]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Asia/Shanghai", date(2026, 3, 29), 24),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # midnight itself was skipped
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("Pacific/Apia", date(2011, 12, 30), 0),  # the whole date was skipped
    ],
)
def test_days_have_the_hours_of_their_zone(zone: str, day: date, hours: int) -> None:
    start, end = interval(day, zone)
    assert end - start == timedelta(hours=hours)


@given(st.integers(-(2**63), 2**63))
def test_impossible_dates_are_clamped(epoch: int) -> None:
    assert EARLIEST <= clamp(epoch) <= LATEST
