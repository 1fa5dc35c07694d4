"""Durations and headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.llm.limits import Limits, read_limits, retry_after, seconds_of
from tests.agents.llm.clock import START


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("12s", 12.0),
        ("1s", 1.0),
        ("20ms", 0.02),
        ("2m59.56s", 179.56),
        ("1h2m3s", 3723.0),
        ("1d", 86400.0),
        ("7.5", 7.5),
        (" 8 ", 8.0),
        ("", None),
        ("soon", None),
        ("1s later", None),
        ("-3", None),
        ("inf", None),
        ("nan", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    found = seconds_of(text)
    assert found == (None if seconds is None else pytest.approx(seconds))


def test_limits_are_read() -> None:
    headers = {
        "x-ratelimit-limit-requests": "120",
        "x-ratelimit-remaining-requests": "119",
        "x-ratelimit-reset-requests": "500ms",
    }
    assert read_limits(headers) == Limits(120, 119, 0.5)
    assert read_limits({}) == Limits()


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "date"]), st.text(max_size=40)))
def test_whatever_stands_in_headers(headers: dict[str, str]) -> None:
    wait = retry_after(headers, START)
    assert wait is None or wait >= 0
    limits = read_limits({"x-ratelimit-limit-requests": headers.get("date", "")})
    assert limits.requests is None or limits.requests >= 0


def test_a_date_in_the_past_is_now() -> None:
    assert retry_after({"retry-after": "Sun, 01 Mar 2020 00:00:00 GMT"}, START) == 0.0
