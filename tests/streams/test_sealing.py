"""Seals: numbers rise only when something new is said; what may leave a day, and when."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.seals import LateArrival
from streams.sealing import Reading, Sealer
from tests.samples import AFTER, DAY, SOURCE, sha

SHAS = st.lists(st.integers(0, 30).map(sha), unique=True, max_size=8)


def sealer(*, adds_only: bool = False, days_later: int = 0) -> Sealer:
    return Sealer(SOURCE, "UTC", AFTER + timedelta(days=days_later), 30, adds_only)


def test_the_same_again_is_the_same_seal() -> None:
    first = sealer().seal(Reading(DAY, (sha(1),), tip="a"), None)
    assert first.number == 1
    assert first.complete
    assert sealer(days_later=1).seal(Reading(DAY, (sha(1),), tip="b"), first) is first


def test_a_day_is_complete_when_it_is_over() -> None:
    today = sealer().seal(Reading(DAY + timedelta(days=1), (sha(1),)), None)
    assert not today.complete
    over = sealer(days_later=1).seal(Reading(DAY + timedelta(days=1), (sha(1),)), today)
    assert (over.number, over.complete) == (2, True)


@given(SHAS, SHAS)
def test_recent_days_follow_the_branch_and_old_ones_only_gain(before: list[str], after: list[str]) -> None:
    first = sealer().seal(Reading(DAY, before), None)
    recent = sealer(days_later=29).seal(Reading(DAY, after), first)
    old = sealer(days_later=40).seal(Reading(DAY, after), first)
    assert set(recent.shas) == set(after)
    assert set(old.shas) == set(before) | set(after)
    assert (recent is first) == (set(before) == set(after))


@given(SHAS, SHAS)
def test_a_file_only_adds(before: list[str], after: list[str]) -> None:
    first = sealer(adds_only=True).seal(Reading(DAY, before), None)
    second = sealer(adds_only=True).seal(Reading(DAY, after), first)
    assert set(second.shas) == set(before) | set(after)


def test_a_source_that_fails_keeps_what_was_known() -> None:
    late = (LateArrival(sha=sha(9), day=date(2026, 2, 1)),)
    good = sealer().seal(Reading(DAY, (sha(1),), late, 1), None)
    failed = sealer().seal(Reading(DAY, reason="no route"), good)
    assert (failed.shas, failed.late, failed.reason, failed.number) == (good.shas, late, "no route", 2)
    back = sealer().seal(Reading(DAY, (sha(1),), late, 1), failed)
    assert (back.reason, back.number) == (None, 3)
