"""Flows as the program runs them: real stages on a real log."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from schemas.commits import CommitObserved
from schemas.dead_letters import DeadLetter
from schemas.envelope import decode
from schemas.errors import CorruptData, DataInUse, DiskFull, Misuse, Reject, Retry, Stop, TooManyFailures
from schemas.model import Event
from schemas.topics import ANALYSES, COMMITS, DEAD_LETTERS, SCORES
from streams.clock import SystemClock
from streams.flow import ROOM, Flow
from streams.stage import Stage
from streams.transports.log import Log
from streams.transports.log_reader import LogReader
from tests.samples import analyzed, commit, scored
from tests.streams.started import started

SECONDS = 30  # the longest that anything here may take


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "a log"


@asynccontextmanager
async def running(directory: Path, *stages: Stage) -> AsyncIterator[Flow]:
    async with started(Flow(f"embedded://{directory}", SystemClock(), stages), SECONDS) as flow:
        yield flow


async def analyze(events: Sequence[Event]) -> Sequence[Event]:
    return [analyzed(event) for event in events if isinstance(event, CommitObserved)]


def refusing(what: Callable[[Event], Exception | None]) -> Stage:
    """A stage that analyzes, except where `what` names an error."""

    async def handle(events: Sequence[Event]) -> Sequence[Event]:
        for event in events:
            if error := what(event):
                raise error
        return await analyze(events)

    return Stage("analyze", (COMMITS,), handle)


class Kept:
    """A last stage that keeps what it reads."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.stage = Stage("keep", (ANALYSES, SCORES, DEAD_LETTERS), self._keep)

    async def _keep(self, events: Sequence[Event]) -> Sequence[Event]:
        self.events += events
        return ()


def commits(count: int, start: int = 0) -> list[CommitObserved]:
    return [commit(number) for number in range(start, start + count)]


async def rerun(directory: Path) -> list[Event]:
    """What a later process makes of what is left."""
    kept = Kept()
    async with running(directory, Stage("analyze", (COMMITS,), analyze), kept.stage) as flow:
        await flow.drained()
    return kept.events


def test_events_pass_through_all_stages_once(directory: Path) -> None:
    async def score(events: Sequence[Event]) -> Sequence[Event]:
        return [scored(event) for event in events if isinstance(event, CommitObserved)]

    async def run() -> None:
        kept = Kept()
        stages = [Stage("analyze", (COMMITS,), analyze), Stage("score", (COMMITS,), score), kept.stage]
        async with running(directory, *stages) as flow:
            await flow.send(commits(500), source="test")
            await flow.drained()
            assert {event.id for event in kept.events} == {
                event.id for seen in commits(500) for event in (analyzed(seen), scored(seen))
            }
            assert len(kept.events) == 1_000
            assert flow.lag() == {t.name: 0 for t in (COMMITS, ANALYSES, SCORES, DEAD_LETTERS)}
            assert flow.dead_letters == 0
        assert await rerun(directory) == []

    asyncio.run(run())


def test_the_envelope_says_who_and_when(directory: Path) -> None:
    async def run() -> None:
        async with running(directory) as flow:
            await flow.send(commits(1), source="git")
            await flow.drained()

    asyncio.run(run())
    with LogReader(directory) as log:
        (record,) = log.records(COMMITS.name)
        envelope = decode(record.value, record.headers)
        assert (envelope.event, envelope.source) == (commit(0), "commitwire/git")
        assert envelope.time.timestamp() == pytest.approx(record.timestamp, abs=SECONDS)


def test_what_was_sent_before_a_stop_is_handled_after_the_next_start(directory: Path) -> None:
    async def run() -> None:
        async with running(directory) as flow:
            await flow.send(commits(3), source="test")
        assert await rerun(directory) == [analyzed(seen) for seen in commits(3)]

    asyncio.run(run())


def test_bad_events_become_dead_letters_that_can_be_replayed(directory: Path) -> None:
    async def run() -> None:
        kept = Kept()
        stage = refusing(lambda event: Reject("cannot read it") if event == commit(7) else None)
        async with running(directory, stage, kept.stage) as flow:
            await flow.send(commits(30), source="test")
            await flow.drained()
            assert flow.dead_letters == 1
        assert len(kept.events) == 30
        with Log(directory) as log:
            (letter,) = [decode(record.value, record.headers).event for record in log.records(DEAD_LETTERS.name)]
            assert isinstance(letter, DeadLetter)
            assert (letter.error, letter.message, letter.where) == ("Reject", "cannot read it", "analyze")
            headers = {name: text.encode("latin-1") for name, text in letter.headers.items()}
            log.append(letter.topic, letter.failed_key.encode(), letter.body, headers)
        assert await rerun(directory) == [analyzed(commit(7))]

    asyncio.run(run())


def test_undecodable_records_become_dead_letters_and_others_go_on(directory: Path) -> None:
    async def run() -> None:
        async with running(directory) as flow:
            await flow.send(commits(20), source="test")
        with Log(directory) as log:
            log.append(COMMITS.name, b"\xff", b"\xff\xfe", {"ce_type": b"\xff"})
            log.append(COMMITS.name, None, None, {})
        events = await rerun(directory)
        letters = [event for event in events if isinstance(event, DeadLetter)]
        assert (len(events), len(letters)) == (22, 2)
        assert letters[0].body == b"\xff\xfe"

    asyncio.run(run())


def test_a_transient_error_is_waited_for(directory: Path) -> None:
    async def run() -> None:
        errors = [Retry("busy")]
        stage = refusing(lambda event: errors.pop() if errors else None)
        async with running(directory, stage) as flow:
            await flow.send(commits(3), source="test")
            await flow.drained()
            assert (errors, flow.dead_letters) == ([], 0)

    asyncio.run(run())


def test_stop_ends_the_flow_for_everybody_who_waits_and_loses_nothing(directory: Path) -> None:
    async def run() -> None:
        error = CorruptData("the store is damaged; restore it")
        async with running(directory, refusing(lambda event: error if event == commit(5) else None)) as flow:
            told = asyncio.ensure_future(flow.failure())
            await flow.send(commits(10), source="test")
            for ended in (flow.drained, flow.failure, lambda: told, lambda: flow.send(commits(1), source="test")):
                with pytest.raises(CorruptData) as raised:
                    await ended()
                assert raised.value is error
        assert [event.key for event in await rerun(directory)] == [seen.key for seen in commits(10)]

    asyncio.run(run())


def test_too_many_failures_stop_the_flow_and_stay_in_their_topic(directory: Path) -> None:
    async def run() -> None:
        async with running(directory, refusing(lambda event: ValueError("all broken"))) as flow:
            await flow.send(commits(100), source="test")
            with pytest.raises(TooManyFailures, match="stage analyze"):
                await flow.drained()
        events = await rerun(directory)
        assert len([event for event in events if not isinstance(event, DeadLetter)]) == 100

    asyncio.run(run())


def test_a_cancellation_that_leaks_from_a_handler_is_a_failure_not_a_silence(directory: Path) -> None:
    async def run() -> None:
        async def handle(events: Sequence[Event]) -> Sequence[Event]:
            raise asyncio.CancelledError

        async with running(directory, Stage("analyze", (COMMITS,), handle)) as flow:
            await flow.send(commits(1), source="test")
            with pytest.raises(Stop, match="stage analyze was cancelled while it worked"):
                await flow.drained()
        assert len(await rerun(directory)) == 1

    asyncio.run(run())


def test_stopping_does_not_wait_for_the_next_try(directory: Path) -> None:
    async def run() -> None:
        tried = asyncio.Event()

        def busy(event: Event) -> Exception:
            tried.set()
            return Retry("busy")

        async with running(directory, refusing(busy)) as flow:
            await flow.send(commits(3), source="test")
            await tried.wait()
            ended = asyncio.ensure_future(flow.failure())
        await ended
        assert len(await rerun(directory)) == 3

    asyncio.run(run())


def test_a_stopped_flow_says_so_and_can_be_stopped_again(directory: Path) -> None:
    async def run() -> None:
        async with running(directory, Stage("analyze", (COMMITS,), analyze)) as flow:
            pass
        await flow.stop()
        with pytest.raises(Stop, match="the flow was stopped"):
            await flow.send(commits(1), source="test")
        with pytest.raises(Stop, match="the flow was stopped"):
            await flow.drained()
        await Flow(f"embedded://{directory}", SystemClock(), []).stop()

    asyncio.run(run())


def test_a_source_waits_for_room(directory: Path) -> None:
    async def run() -> None:
        may_go_on = asyncio.Event()

        async def slow(events: Sequence[Event]) -> Sequence[Event]:
            await may_go_on.wait()
            return ()

        async with running(directory, Stage("slow", (COMMITS,), slow)) as flow:
            await flow.send(commits(ROOM), source="test")
            sending = asyncio.ensure_future(flow.send(commits(1, ROOM), source="test", wait_for_room=True))
            await flow.send([analyzed(commit(1))], source="test", wait_for_room=True)
            assert flow.lag() == {COMMITS.name: ROOM}
            assert not sending.done()
            may_go_on.set()
            await sending
            await flow.drained()

    asyncio.run(run())


def test_a_second_flow_on_the_same_directory_is_refused(directory: Path) -> None:
    async def run() -> None:
        async with running(directory, Stage("analyze", (COMMITS,), analyze)) as flow:
            with pytest.raises(DataInUse, match=f"{directory} is in use"):
                await Flow(f"embedded://{directory}", SystemClock(), []).start()
            await flow.send(commits(1), source="test")
            await flow.drained()

    asyncio.run(run())


def test_a_directory_without_a_leading_slash_is_refused() -> None:
    with pytest.raises(Misuse, match="absolute directory"):
        asyncio.run(Flow("embedded://log", SystemClock(), []).start())


async def send_for_ever(flow: Flow, durable: list[CommitObserved]) -> None:
    while True:
        batch = commits(20, len(durable))
        await flow.send(batch, source="test")
        durable += batch


def test_a_full_disk_stops_the_flow_and_loses_nothing(directory: Path) -> None:
    async def run() -> list[CommitObserved]:
        durable: list[CommitObserved] = []
        async with running(directory, Stage("analyze", (COMMITS,), analyze)) as flow:
            flow._apps[0].transport.log._writer.execute("PRAGMA max_page_count=120")
            with pytest.raises(DiskFull, match="no room is left"):
                await send_for_ever(flow, durable)
            with pytest.raises(DiskFull):
                await flow.drained()
        return durable

    durable = asyncio.run(run())
    assert durable
    assert {event.key for event in asyncio.run(rerun(directory))} >= {seen.key for seen in durable}


def test_a_log_that_cannot_be_read_any_more_stops_the_flow(directory: Path) -> None:
    async def run() -> None:
        async with running(directory, Stage("analyze", (COMMITS,), analyze)) as flow:
            flow._apps[0].transport.log._reader.close()
            await flow.send(commits(1), source="test")
            with pytest.raises(Stop, match="cannot be used"):
                await flow.failure()
        shutil.rmtree(directory)

    asyncio.run(run())
