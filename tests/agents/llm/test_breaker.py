"""The breaker's states, and what holds whatever happens."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.llm.breaker import Admission, Breaker
from agents.llm.port import Health
from tests.agents.llm.clock import START


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def well() -> Breaker:
    breaker = Breaker()
    assert breaker.admit(START) is Admission.ALONE
    breaker.good(START)
    breaker.release()
    return breaker


def test_the_first_call_goes_alone() -> None:
    breaker = Breaker()
    assert [breaker.admit(START) for _ in range(3)] == [Admission.ALONE, Admission.WAIT, Admission.WAIT]
    breaker.good(START)
    breaker.release()
    assert [breaker.admit(START) for _ in range(3)] == [Admission.GO] * 3


def test_a_call_alone_that_is_abandoned_lets_the_next_one_find_out() -> None:
    breaker = Breaker()
    breaker.admit(START)
    breaker.release()
    assert breaker.admit(START) is Admission.ALONE


def test_that_an_endpoint_was_well_is_not_known_for_long() -> None:
    breaker = well()
    assert breaker.admit(after(599)) is Admission.GO
    assert breaker.admit(after(601)) is Admission.ALONE
    assert breaker.admit(after(601)) is Admission.WAIT


def test_half_of_the_last_twenty_in_error_and_one_alone_finds_out() -> None:
    breaker = well()
    for _ in range(10):
        breaker.good(START)
    for _ in range(9):
        breaker.error()
    assert breaker.admit(START) is Admission.GO
    breaker.error()
    assert breaker.admit(START) is Admission.ALONE
    breaker.given_up(START, "500")
    breaker.release()
    assert breaker.admit(START) is Admission.SHUT
    assert breaker.admit(after(30)) is Admission.ALONE


def test_few_errors_say_nothing() -> None:
    breaker = well()
    for _ in range(8):
        breaker.error()
    assert breaker.state == "well"


def waits(breaker: Breaker, times: int) -> list[float]:
    """The seconds between one probe that is denied and the next."""
    now, found = START, []
    for _ in range(times):
        assert breaker.admit(now) is Admission.ALONE
        breaker.denied(now, "403")
        breaker.release()
        assert breaker.retry_at is not None
        assert breaker.admit(breaker.retry_at - timedelta(seconds=1)) is Admission.SHUT
        found.append((breaker.retry_at - now).total_seconds())
        now = breaker.retry_at
    return found


def test_probes_after_a_permanent_error_come_after_a_minute_doubling_to_two_hours() -> None:
    assert waits(Breaker(), 9) == [60, 120, 240, 480, 960, 1920, 3840, 7200, 7200]


def test_those_under_way_together_are_denied_once() -> None:
    breaker = well()
    for _ in range(32):
        breaker.denied(START, "403")
    assert breaker.retry_at == after(60)


def test_the_wait_goes_on_in_the_next_process() -> None:
    breaker = Breaker()
    assert waits(breaker, 3)[-1] == 240
    later = Breaker(breaker.health({}))
    assert breaker.retry_at is not None
    assert later.admit(breaker.retry_at - timedelta(seconds=1)) is Admission.SHUT
    assert later.admit(breaker.retry_at) is Admission.ALONE
    later.denied(breaker.retry_at, "403")
    assert later.retry_at == breaker.retry_at + timedelta(seconds=480)


def test_well_in_the_last_process_is_not_well_in_this_one() -> None:
    assert Breaker(well().health({})).admit(START) is Admission.ALONE


def test_a_good_answer_closes_and_forgets() -> None:
    breaker = Breaker()
    waits(breaker, 5)
    assert breaker.retry_at is not None
    breaker.good(breaker.retry_at)
    assert breaker.health({}) == Health("well", "", 0.0, "", {})


def test_rejections_of_all_questions_are_permanent() -> None:
    breaker = Breaker()
    breaker.rejected(START, "400")
    breaker.rejected(START, "400")
    assert not breaker.is_shut(START)
    breaker.rejected(START, "400")
    assert breaker.state == "banned"


def test_a_clock_set_back_does_not_shut_for_ever() -> None:
    breaker = Breaker()
    breaker.denied(START, "403")
    assert breaker.admit(START - timedelta(days=300)) is Admission.ALONE


_ACTS = st.sampled_from(["good", "error", "rejected", "given_up", "denied", "rest", "release"])
_STEPS = st.lists(st.tuples(_ACTS, st.integers(0, 10_000)), max_size=60)


@given(_STEPS)
def test_whatever_happens(steps: list[tuple[str, int]]) -> None:
    breaker, now, alone = Breaker(), START, False
    for act, seconds in steps:
        now += timedelta(seconds=seconds)
        admission = breaker.admit(now)
        # one call alone at a time, and nobody passes a breaker that is shut
        assert not (admission is Admission.ALONE and alone)
        assert (admission is Admission.SHUT) == breaker.is_shut(now)
        alone = alone or admission is Admission.ALONE
        _do(breaker, act, now)
        alone = alone and act != "release"
        # every wait has an end, and it survives a restart
        assert breaker.retry_at is None or breaker.retry_at <= now + timedelta(days=1)
        assert Breaker(breaker.health({})).is_shut(now) == breaker.is_shut(now)


def _do(breaker: Breaker, act: str, now: datetime) -> None:
    match act:
        case "good":
            breaker.good(now)
        case "error":
            breaker.error()
        case "rest":
            breaker.rest(now, 1e9, "429")
        case "release":
            breaker.release()
        case _:
            getattr(breaker, act)(now, "403")


@pytest.mark.parametrize("state", ["unknown", "well", "open", "banned"])
def test_all_states_are_taken_up(state: str) -> None:
    health = Health(state, after(60).isoformat() if state in ("open", "banned") else "", 60.0, "403", {})  # type: ignore[arg-type]
    expected = Admission.SHUT if state in ("open", "banned") else Admission.ALONE
    assert Breaker(health).admit(START) is expected
