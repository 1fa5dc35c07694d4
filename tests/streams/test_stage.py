"""What a stage does about errors: the rules alone, then the loop that follows them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dead_letters import DeadLetter
from schemas.envelope import decode, encode
from schemas.errors import CommitwireError, DiskFull, Reject, Retry, SourceFailed, Stop, TooManyFailures
from schemas.model import Event
from schemas.topics import COMMITS, DEAD_LETTERS, TOPIC_OF
from streams.outbox import Outgoing
from streams.policy import Backoff, Ceiling, Limits, Verdict, judge
from streams.stage import Stage, StageLoop
from tests.samples import analyzed, commit

NOW = datetime(2026, 2, 12, tzinfo=UTC)

# -- the rules


@pytest.mark.parametrize(
    ("error", "alone", "together"),
    [
        (Retry("busy"), Verdict.WAIT, Verdict.WAIT),
        (Stop("no"), Verdict.STOP, Verdict.STOP),
        (DiskFull("no"), Verdict.STOP, Verdict.STOP),
        (Reject("bad"), Verdict.BURY, Verdict.SPLIT),
        (SourceFailed("bad"), Verdict.BURY, Verdict.SPLIT),
        (ValueError("bad"), Verdict.BURY, Verdict.SPLIT),
    ],
)
def test_what_to_do_about_an_error(error: Exception, alone: Verdict, together: Verdict) -> None:
    assert judge(error, 1) is alone
    assert judge(error, 2) is together


def test_every_error_of_the_tree_has_a_verdict() -> None:
    def below(kind: type[CommitwireError]) -> list[type[CommitwireError]]:
        return [kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))]

    stopping = {kind for kind in below(CommitwireError) if judge(kind("x"), 1) is Verdict.STOP}
    assert stopping == set(below(Stop))


@given(st.floats(0, 1, exclude_min=True), st.integers(1, 10_000))
def test_waits_grow_are_bounded_and_end(draw: float, tries: int) -> None:
    backoff = Backoff(first=1, longest=8, total=60)
    full = min(8.0, 2.0 ** min(tries - 1, 3))
    assert backoff.wait(tries, 0, 1.0) == full
    assert backoff.wait(tries, 0, draw) == full * draw
    assert backoff.wait(tries, 59, draw) == draw
    assert backoff.wait(tries, 60, draw) is None


@given(st.lists(st.booleans(), max_size=250))
def test_the_ceiling_counts_the_last_hundred(ends: list[bool]) -> None:
    ceiling = Ceiling()
    for dead in ends:
        ceiling.note(dead=dead)
    last = ends[-100:]
    assert ceiling.exceeded == (len(ends) >= 20 and sum(last) * 2 > len(last))


def test_a_batch_counts_as_so_many_events() -> None:
    ceiling = Ceiling(Limits(window=4, least=2))
    ceiling.note(dead=True, events=3)
    assert ceiling.exceeded
    ceiling.note(dead=False, events=1_000)
    assert (ceiling.events, ceiling.dead) == (4, 0)


# -- the loop


class StillClock:
    def now(self) -> datetime:
        return NOW


@dataclass
class Sent:
    """Keeps what would be sent."""

    outgoing: list[Outgoing] = field(default_factory=list)

    def encode(self, events: Sequence[Event], source: str) -> list[Outgoing]:
        return [Outgoing(TOPIC_OF[type(event)].name, *encode(event, source=source, time=NOW)) for event in events]

    async def transmit(self, outgoing: Sequence[Outgoing]) -> None:
        self.outgoing += outgoing

    @property
    def events(self) -> list[Event]:
        return [decode(one.body, one.headers).event for one in self.outgoing]

    @property
    def letters(self) -> list[DeadLetter]:
        return [event for event in self.events if isinstance(event, DeadLetter)]


@dataclass
class Raw:
    value: bytes | None
    headers: Any
    key: bytes | None = b"key"
    topic: str = COMMITS.name
    partition: int = 0
    offset: int = 0


def raw(*numbers: int) -> list[Raw]:
    records = []
    for number in numbers:
        key, body, headers = encode(commit(number), source="test", time=NOW)
        records.append(Raw(body, headers, key))
    return records


@dataclass
class Ran:
    sent: Sent
    error: Stop | None
    waits: list[float]
    acknowledged: int
    dead_letters: int


Handle = Callable[[Sequence[Event]], Awaitable[Sequence[Event]]]


def run(handle: Handle, *batches: list[Raw], rescue: Any = None, goes_on: bool = True) -> Ran:
    """Run a stage over these batches, with waits that only count."""
    sent, waits, acknowledged = Sent(), list[float](), 0

    async def deliver() -> AsyncIterator[list[Raw]]:
        nonlocal acknowledged
        for batch in batches:
            yield batch
            acknowledged += 1

    async def wait(seconds: float) -> bool:
        waits.append(seconds)
        return goes_on

    rescues = {"rescue": rescue} if rescue else {}
    stage = Stage("tested", (COMMITS,), handle, **rescues)
    loop = StageLoop(stage, sent, StillClock(), wait, draw=lambda: 0.0)
    error = asyncio.run(loop.run(deliver()))
    return Ran(sent, error, waits, acknowledged, loop.dead_letters)


async def analyze(events: Sequence[Event]) -> Sequence[Event]:
    return [analyzed(event) for event in events]  # type: ignore[arg-type]


def failing(number: int, error: Exception) -> Handle:
    async def handle(events: Sequence[Event]) -> Sequence[Event]:
        if commit(number) in events:
            raise error
        return await analyze(events)

    return handle


def test_results_are_sent_before_a_batch_is_acknowledged() -> None:
    ran = run(analyze, raw(1, 2), raw(3))
    assert ran.sent.events == [analyzed(commit(number)) for number in (1, 2, 3)]
    assert (ran.acknowledged, ran.error, ran.dead_letters) == (2, None, 0)


def test_what_cannot_be_decoded_or_is_too_new_becomes_a_dead_letter_and_others_go_on() -> None:
    newer = Raw(b"{}", {"ce_type": b"commitwire.CommitObserved.v99"})
    torn = Raw(b"\xff\xfe{", [("ce_type", b"commitwire.CommitObserved.v1"), ("x", b"\xe9")], key=None)
    ran = run(analyze, [newer, *raw(1), torn, Raw(None, None)])
    assert ran.sent.events[3:] == [analyzed(commit(1))]
    assert [letter.error for letter in ran.sent.letters] == ["TooNew", "Undecodable", "Undecodable"]
    letter = ran.sent.letters[1]
    assert (letter.topic, letter.failed_key, letter.where, letter.attempts) == (COMMITS.name, "", "tested", 1)
    assert (letter.body, letter.headers["x"].encode("latin-1")) == (torn.value, b"\xe9")
    assert ran.dead_letters == 3


@pytest.mark.parametrize(
    "error", [Reject("hopeless \ud800"), ValueError("hopeless \ud800"), RecursionError("hopeless ?")]
)
def test_the_culprit_of_a_batch_is_found_and_the_others_go_on(error: Exception) -> None:
    ran = run(failing(2, error), raw(1, 2, 3), rescue=lambda event, _: [analyzed(event)])
    assert [event for event in ran.sent.events if not isinstance(event, DeadLetter)] == [
        analyzed(commit(number)) for number in (1, 2, 3)
    ]
    (letter,) = ran.sent.letters
    assert (letter.error, letter.message, letter.attempts) == (type(error).__name__, "hopeless ?", 2)
    assert (letter.body, letter.failed_key) == (raw(2)[0].value, commit(2).key)
    assert (ran.acknowledged, ran.error) == (1, None)


def test_no_dead_letter_is_made_of_a_dead_letter() -> None:
    lost = Raw(b"{", {"ce_type": b"commitwire.DeadLetter.v1"}, topic=DEAD_LETTERS.name)
    ran = run(analyze, [lost, *raw(1)])
    assert ran.sent.events == [analyzed(commit(1))]
    assert (ran.acknowledged, ran.dead_letters) == (1, 1)


def test_a_result_that_cannot_be_encoded_is_blamed_on_its_event() -> None:
    async def handle(events: Sequence[Event]) -> Sequence[Event]:
        return [analyzed(event).model_copy(update={"reason": _reason(event)}) for event in events]  # type: ignore[arg-type]

    def _reason(event: Event) -> str:
        return "\ud800" if event == commit(2) else "fine"

    ran = run(handle, raw(1, 2, 3))
    assert [letter.failed_key for letter in ran.sent.letters] == [commit(2).key]
    assert len(ran.sent.events) == 3


def test_a_broken_rescue_stops_nobody() -> None:
    def rescue(event: Event, error: Exception) -> Sequence[Event]:
        raise KeyError("rescue")

    ran = run(failing(1, ValueError("first")), raw(1, 2), rescue=rescue)
    assert ran.sent.letters[0].message == "first (and its rescue failed: KeyError: 'rescue')"
    assert ran.error is None


def test_a_transient_error_is_tried_again_until_it_succeeds() -> None:
    errors = [Retry("busy"), Retry("busy"), Retry("busy")]

    async def handle(events: Sequence[Event]) -> Sequence[Event]:
        if errors:
            raise errors.pop()
        return await analyze(events)

    ran = run(handle, raw(1, 2))
    assert ran.waits == [0.5, 1.0, 2.0]
    assert (len(ran.sent.events), ran.acknowledged, ran.dead_letters) == (2, 1, 0)


def test_a_transient_error_that_stays_stops_the_flow_after_ten_minutes() -> None:
    ran = run(failing(1, Retry("the model is busy")), raw(1))
    assert sum(ran.waits) == 600
    assert "gave up after" in str(ran.error)
    assert "the model is busy" in str(ran.error)
    assert (ran.sent.outgoing, ran.acknowledged) == ([], 0)


def test_a_wait_ends_with_the_flow_and_nothing_is_acknowledged() -> None:
    ran = run(failing(1, Retry("busy")), raw(1), raw(2), goes_on=False)
    assert (ran.error, ran.acknowledged, ran.sent.outgoing) == (None, 0, [])


def test_stop_ends_the_stage_without_sending_or_acknowledging() -> None:
    error = DiskFull("no room")
    ran = run(failing(2, error), raw(1), raw(2), raw(3))
    assert ran.error is error
    assert (ran.acknowledged, len(ran.sent.events)) == (1, 1)


def test_when_most_events_fail_the_stage_stops_instead_of_burying_them() -> None:
    async def handle(events: Sequence[Event]) -> Sequence[Event]:
        raise ValueError("nothing works")

    ran = run(handle, *(raw(*range(start, start + 5)) for start in range(0, 50, 5)))
    assert isinstance(ran.error, TooManyFailures)
    assert "stage tested: 20 of the last 20 events failed" in str(ran.error)
    assert (ran.acknowledged, len(ran.sent.letters)) == (3, 15)


def test_half_of_the_events_may_fail() -> None:
    async def handle(events: Sequence[Event]) -> Sequence[Event]:
        if any(int(event.sha, 16) % 2 for event in events):  # type: ignore[attr-defined]
            raise ValueError("odd")
        return []

    ran = run(handle, raw(*range(100)))
    assert (ran.error, ran.dead_letters) == (None, 50)


def test_a_defect_outside_of_handling_is_reported_not_raised() -> None:
    class Broken(Sent):
        async def transmit(self, outgoing: Sequence[Outgoing]) -> None:
            raise ZeroDivisionError("oh")

    async def once() -> AsyncIterator[list[Raw]]:
        yield raw(1)

    async def wait(seconds: float) -> bool:
        return True

    loop = StageLoop(Stage("tested", (COMMITS,), analyze), Broken(), StillClock(), wait)
    error = asyncio.run(loop.run(once()))
    assert str(error) == "stage tested failed: ZeroDivisionError: oh; this is a defect, please report it"
