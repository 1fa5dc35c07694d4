"""Seals: numbers rise only when something new is said; what may leave a day, and when."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.seals import DaySealed, LateArrival
from streams.sealing import Reading, Sealer, noticed
from tests.samples import AFTER, DAY, SOURCE, seal, sha

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


def told(number: int, shas: tuple[int, ...], at: datetime, *, tip: str = "a", zone: str = "UTC") -> DaySealed:
    """A statement about DAY."""
    return seal(*shas, number=number, at=at).model_copy(update={"tip": tip, "zone": zone})


LATER = AFTER + timedelta(days=1, hours=17)  # 23:00 in UTC
ARRIVAL = LateArrival(sha=sha(2), day=DAY)


@pytest.mark.parametrize(("zone", "on"), [("UTC", date(2026, 2, 13)), ("Asia/Tokyo", date(2026, 2, 14))])
def test_what_joins_a_finished_day_is_late_on_the_day_it_is_noticed(zone: str, on: date) -> None:
    first, second = told(1, (1,), AFTER, zone=zone), told(2, (2, 1), LATER, zone=zone)
    third = told(3, (2, 1), LATER + timedelta(days=5), zone=zone)
    assert noticed([third, first, second], {}) == {on: [ARRIVAL]}
    assert noticed([first, second, second], {on: Reading(on, late=(ARRIVAL,), late_total=1)}) == {on: [ARRIVAL]}


def test_what_a_merge_made_late_is_not_late_again() -> None:
    seals = [told(1, (1,), AFTER), told(2, (2, 1), LATER)]
    merged = DAY + timedelta(days=1)
    assert noticed(seals, {merged: Reading(merged, late=(ARRIVAL,), late_total=1)}) == {}
    assert noticed(seals, {merged: Reading(merged, late_total=501)}) == {}


@pytest.mark.parametrize(
    "first",
    [
        told(1, (1,), AFTER, tip=""),
        told(1, (1,), AFTER).model_copy(update={"reason": "no route"}),
        told(1, (1,), AFTER).model_copy(update={"complete": False}),
    ],
)
def test_a_day_that_was_not_known_whole_makes_nothing_late(first: DaySealed) -> None:
    assert noticed([first, told(2, (2, 1), LATER)], {}) == {}


def test_what_left_again_is_not_late() -> None:
    seals = [told(1, (1,), AFTER), told(2, (2, 1), LATER), told(3, (1,), LATER)]
    assert noticed(seals, {}) == {}


def test_late_arrivals_are_limited_but_counted() -> None:
    merged = tuple(LateArrival(sha=sha(n), day=DAY) for n in range(499))
    arrivals = [LateArrival(sha=sha(n), day=DAY) for n in range(498, 510)]
    reading = Reading(DAY + timedelta(days=1), late=merged, late_total=499).with_late(arrivals)
    assert (len(reading.late), reading.late_total) == (500, 510)


def test_what_belongs_to_another_day_leaves_even_a_file() -> None:
    first = sealer(adds_only=True).seal(Reading(DAY, (sha(1), sha(2))), None)
    second = sealer(adds_only=True).seal(Reading(DAY, elsewhere=frozenset({sha(2)})), first)
    assert second.shas == (sha(1),)
