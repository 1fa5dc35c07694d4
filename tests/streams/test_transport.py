"""The contract of a transport, for every kind of broker, and what it relies on inside Faust."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Misuse, Retry, Stop
from schemas.topics import COMMITS, REQUESTS, Topic
from streams.application import Application
from streams.transports.broker import Layout
from streams.transports.embedded import UNFINISHED_BYTES, UNFINISHED_RECORDS
from streams.transports.offsets import Offsets
from tests.servers.brokers import TANSU, new_namespace
from tests.servers.kafka import Kafka

Agent = Callable[[Any], Awaitable[None]]


@pytest.fixture
def local(tmp_path: Path) -> str:
    return f"embedded://{tmp_path}/log"


@pytest.fixture(params=["embedded", TANSU, "kafka"])
def url(request: pytest.FixtureRequest, local: str) -> str:
    """A broker without records of ours."""
    if request.param == "embedded":
        return local
    return new_namespace(request.getfixturevalue(request.param))


@asynccontextmanager
async def running(
    url: str, *agents: tuple[Iterable[Topic], Agent], concurrency: int = 1, patient: bool = True
) -> AsyncIterator[Any]:
    """An app with these agents. When not `patient`, its end waits for no unfinished batch, as in a crash."""
    errors: list[Stop] = []
    app = Application(url, give_up=errors.append, layout=Layout(session_seconds=2))
    app.transport.open()
    for number, (topics, agent) in enumerate(agents):
        app.agent(app.reading(topics), name=f"agent{number}", concurrency=concurrency)(agent)
    await app.start()
    try:
        yield app
    finally:
        if not patient:
            app.stop_seconds = 0
        await app.stop()
        await app.transport.close()
    assert errors == []


async def send(app: Any, values: Iterable[bytes], topic: Topic = REQUESTS) -> None:
    sent = [await app.producer.send(topic.name, b"key", value, None, None, [("h", value)]) for value in values]
    await asyncio.gather(*sent)


class Reader:
    """An agent that notes what it gets. It finishes each batch, or waits for ever with what `holds` says."""

    def __init__(self, holds: Callable[[bytes], bool] = lambda value: False, batch: int = 50) -> None:
        self.messages: list[Any] = []
        self._holds = holds
        self._batch = batch
        self._got = asyncio.Event()

    async def __call__(self, stream: Any) -> None:
        async with aclosing(stream.batches(self._batch)) as batches:
            async for batch in batches:
                self.messages += batch
                self._got.set()
                if any(self._holds(message.value) for message in batch):
                    await asyncio.Event().wait()

    @property
    def values(self) -> list[bytes]:
        return [message.value for message in self.messages]

    async def until(self, count: int) -> list[bytes]:
        while len(self.messages) < count:
            self._got.clear()
            await self._got.wait()
        return self.values


async def settled(app: Any, consumed: int) -> None:
    """Until so many records are acknowledged and committed."""
    tps = app.consumer.assignment()
    while sum(app.consumer.acknowledged(tp) for tp in tps) < consumed:
        await app.changed.wait(app.changed.turn())
    await app.consumer.commit()


def numbers(count: int, start: int = 0) -> list[bytes]:
    return [str(number).encode() for number in range(start, start + count)]


async def read_again(url: str, count: int) -> list[bytes]:
    """What a new process is given of REQUESTS; a last record is sent to see the end."""
    reader = Reader()
    async with running(url, ([REQUESTS], reader)) as app:
        await send(app, [b"end"])
        values = await reader.until(count + 1)
        await settled(app, 1)
    assert values[-1] == b"end"
    return values[:-1]


# -- the contract


def test_what_is_sent_arrives_as_it_is_and_in_order(url: str) -> None:
    async def run() -> None:
        reader = Reader()
        async with running(url, ([REQUESTS], reader)) as app:
            await send(app, [*numbers(300), b"\xff\x00"])
            assert await reader.until(301) == [*numbers(300), b"\xff\x00"]
        last = reader.messages[-1]
        assert (last.topic, last.key, dict(last.headers)) == (REQUESTS.name, b"key", {"h": b"\xff\x00"})
        assert [message.offset for message in reader.messages] == list(range(301))

    asyncio.run(run())


def test_what_is_finished_does_not_come_again_and_what_is_not_does(url: str) -> None:
    async def run() -> None:
        reader = Reader(lambda value: value == b"7", batch=1)
        async with running(url, ([REQUESTS], reader), patient=False) as app:
            await send(app, numbers(10))
            await reader.until(8)
        assert await read_again(url, 3) == [b"7", b"8", b"9"]

    asyncio.run(run())


def test_an_unfinished_event_is_not_committed_past_when_later_ones_finish_first(url: str) -> None:
    async def run() -> None:
        reader = Reader(lambda value: value == b"0", batch=1)
        async with running(url, ([REQUESTS], reader), concurrency=2, patient=False) as app:
            await send(app, numbers(20))
            await reader.until(20)
            while set(app.consumer.working) != {m for m in reader.messages if m.value == b"0"}:
                await app.changed.wait(app.changed.turn())
            await app.consumer.commit()
        assert await read_again(url, 20) == numbers(20)

    asyncio.run(run())


def test_going_back_to_what_is_committed_passes_over_nothing(url: str) -> None:
    """As the consumer does when its partitions change hands, while an agent is still at work."""

    async def run() -> None:
        reader = Reader(lambda value: True)
        async with running(url, ([REQUESTS], reader), patient=False) as app:
            await send(app, numbers(3))
            await reader.until(1)
            before = _held(app, REQUESTS)
            await app.consumer.perform_seek()
            await eventually(lambda: _held(app, REQUESTS) is not before)
            await app.consumer.commit()
        assert await read_again(url, 3) == numbers(3)

    asyncio.run(run())


def test_a_batch_whose_agent_raised_is_not_acknowledged(url: str, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        raised = asyncio.Event()

        async def agent(stream: Any) -> None:
            async with aclosing(stream.batches(50)) as batches:
                async for _ in batches:
                    raised.set()
                    raise ValueError("broken")

        async with running(url, ([REQUESTS], agent), patient=False) as app:
            await send(app, numbers(5))
            await raised.wait()
        assert await read_again(url, 5) == numbers(5)

    asyncio.run(run())


def test_two_agents_on_one_topic_both_get_everything_and_the_slower_one_decides(url: str) -> None:
    async def run() -> None:
        fast, slow = Reader(), Reader(lambda value: True)
        async with running(url, ([REQUESTS], fast), ([REQUESTS], slow), patient=False) as app:
            await send(app, numbers(5))
            assert await fast.until(5) == numbers(5)
            await slow.until(1)
            assert [app.consumer.acknowledged(tp) for tp in app.consumer.assignment()] == [0]
        assert await read_again(url, 5) == numbers(5)

    asyncio.run(run())


def test_one_agent_can_read_several_topics(url: str) -> None:
    async def run() -> None:
        reader = Reader()
        async with running(url, ([REQUESTS, COMMITS], reader)) as app:
            await send(app, numbers(5))
            await send(app, numbers(5), COMMITS)
            await reader.until(10)
        assert {message.topic for message in reader.messages} == {REQUESTS.name, COMMITS.name}
        assert sorted(reader.values) == sorted(numbers(5) * 2)

    asyncio.run(run())


def test_the_end_waits_for_the_batch_at_hand(url: str) -> None:
    async def run() -> None:
        working, may_finish = asyncio.Event(), asyncio.Event()

        async def agent(stream: Any) -> None:
            async with aclosing(stream.batches(50)) as batches:
                async for _ in batches:
                    working.set()
                    await may_finish.wait()

        async with running(url, ([REQUESTS], agent)) as app:
            await send(app, numbers(5))
            await working.wait()
            asyncio.get_running_loop().call_soon(may_finish.set)
        assert await read_again(url, 0) == []

    asyncio.run(run())


def test_records_wait_in_the_log_not_in_memory(url: str) -> None:
    async def run() -> None:
        reader = Reader(lambda value: True, batch=1)
        async with running(url, ([REQUESTS, COMMITS], reader), patient=False) as app:
            await send(app, numbers(3 * UNFINISHED_RECORDS))
            for _ in range(12):
                await send(app, [b"x" * 2**21], COMMITS)
            await asyncio.wait_for(reader.until(1), 30)
            small, large = (_held(app, topic) for topic in (REQUESTS, COMMITS))
            while small.records < UNFINISHED_RECORDS or large.bytes < UNFINISHED_BYTES:
                await app.changed.wait(app.changed.turn(), 0.01)
            for _ in range(100):
                await asyncio.sleep(0)
            assert UNFINISHED_RECORDS <= small.records < 2 * UNFINISHED_RECORDS
            assert large.bytes < UNFINISHED_BYTES + 2**21 + 10

    asyncio.run(run())


def _held(app: Any, topic: Topic) -> Offsets:
    (held,) = [held for tp, held in app.consumer.offsets.items() if app.plain(tp.topic) == topic.name]
    assert isinstance(held, Offsets)
    return held


def test_a_producer_that_the_broker_does_not_follow_any_more_is_replaced(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        reader = Reader()
        async with running(new_namespace(kafka), ([REQUESTS], reader)) as app:
            await send(app, numbers(1))
            first = app.producer._producer
            for place in first._txn_manager._sequence_numbers:
                first._txn_manager._sequence_numbers[place] += 7
            with pytest.raises(Retry, match="OutOfOrderSequenceNumber"):
                await send(app, numbers(1, start=1))
            assert app.producer._producer is not first
            await send(app, numbers(1, start=1))
            assert await reader.until(2) == numbers(2)
            await eventually(lambda: first._closed)
            with monkeypatch.context() as late:
                late.setattr(app.producer, "_producer", first)  # as for a batch that was being sent meanwhile
                with pytest.raises(Retry, match="ProducerClosed"):
                    await send(app, numbers(1, start=2))

    asyncio.run(run())


def test_a_topic_that_the_broker_does_not_know_yet_is_waited_for(kafka: Kafka) -> None:
    """Otherwise the group begins with none of its partitions, and finds them half a minute later."""
    url, later = new_namespace(kafka), replace(REQUESTS, name="commitwire.later")

    async def assigned() -> tuple[int, bool]:
        async with running(url, ([later], Reader())) as app:
            await app.joined.wait()
            return len(app.assigned), app.is_alone

    async def run() -> None:
        async with running(url) as other:
            found = asyncio.ensure_future(assigned())
            assert await asyncio.wait([found], timeout=1) == (set(), {found})
            await other.topic(other.named(later.name), partitions=3, internal=True).declare()
            assert await found == (3, True)

    asyncio.run(run())


def test_what_is_fetched_while_partitions_change_hands_comes_again(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the broker is away when the consumer wants to go back for it."""

    async def run() -> None:
        reader = Reader()
        async with running(new_namespace(kafka), ([REQUESTS], reader)) as app:
            await app.joined.wait()
            await send(app, numbers(3))
            await reader.until(3)
            thread = app.consumer._thread
            waiting = thread._consumer._fetcher._fetch_waiters
            await eventually(lambda: waiting)
            app.consumer.stop_flow()
            await app.consumer.perform_seek()
            await send(app, numbers(3, start=3))
            await eventually(lambda: not waiting)
            seeks, stock = iter([away]), thread._rewind
            monkeypatch.setattr(thread, "_rewind", lambda: next(seeks, stock)())
            app.consumer.resume_flow()
            await eventually(lambda: {*reader.values} == {*numbers(6)})

    asyncio.run(run())


def test_who_is_put_out_of_its_group_and_does_not_come_back_reads_nothing(kafka: Kafka) -> None:
    async def run() -> None:
        reader = Reader(lambda value: True)
        async with running(new_namespace(kafka), ([REQUESTS], reader), patient=False) as app:
            app.stop_seconds = 0
            await app.joined.wait()
            await send(app, numbers(2 * UNFINISHED_RECORDS))
            await reader.until(1)
            await eventually(lambda: _held(app, REQUESTS).records >= UNFINISHED_RECORDS)
            app.consumer._thread._consumer._coordinator._max_poll_interval = 0.5  # nothing is fetched: there is no room
            await eventually(lambda: not app.joined.is_set())
            assert app.assigned == set()

    asyncio.run(asyncio.wait_for(run(), 30))


def test_who_is_assigned_again_within_its_session_was_never_away(kafka: Kafka) -> None:
    async def run() -> None:
        url = new_namespace(kafka)
        async with running(url, ([REQUESTS], Reader())) as app:
            await app.joined.wait()
            generation = app.consumer_generation_id
            async with running(url, ([REQUESTS], Reader())):
                await eventually(lambda: app.consumer_generation_id > generation)
                assert app.joined.is_set()
            await asyncio.sleep(2.5)  # longer than the session
            assert app.joined.is_set()

    asyncio.run(asyncio.wait_for(run(), 60))


async def away() -> None:
    raise KafkaConnectionError


async def eventually(there: Callable[[], object]) -> None:
    """Wait for what nobody tells of."""
    while not there():  # noqa: ASYNC110
        await asyncio.sleep(0)


def test_an_app_without_agents_starts_too(url: str) -> None:
    async def run() -> None:
        async with running(url) as app:
            await send(app, numbers(3))
        assert await read_again(url, 3) == numbers(3)

    asyncio.run(run())


def test_topics_are_declared_as_the_table_says(local: str) -> None:
    async def run() -> None:
        async with running(local) as app:
            kept = app.transport.log._kept
            assert kept["commitwire.seals"] == (90 * 86400.0, False)
            assert kept["commitwire.deliveries"] == (None, True)

    asyncio.run(run())


def test_a_relative_directory_is_refused() -> None:
    async def run() -> None:
        with pytest.raises(Misuse, match="absolute directory"):
            Application("embedded://data/log", give_up=lambda error: None)

    asyncio.run(run())


# -- inside Faust: one test for each private thing that is relied on and that no test above would miss


def test_the_app_makes_no_directory_and_declares_no_topics_of_its_own(
    local: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        async with running(local, ([REQUESTS], Reader())) as app:
            assert all(summary.name.startswith("commitwire.") for summary in app.transport.log.topics())

    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    asyncio.run(run())
    assert list((tmp_path / "here").iterdir()) == []


def test_the_assignor_knows_what_the_consumer_was_assigned(local: str) -> None:
    async def run() -> None:
        async with running(local, ([REQUESTS], Reader())) as app:
            assert app.assignor.assigned_actives() == app.consumer.assignment() != set()
            assert app.assignor.assigned_standbys() == set()

    asyncio.run(run())


def test_a_failure_to_read_crashes_the_app_with_its_reason(local: str) -> None:
    async def run() -> None:
        async with running(local, ([REQUESTS], Reader())) as app:
            app.transport.log._reader.close()
            await send(app, numbers(1))
            await app.wait_until_stopped()
            assert app.crashed
            assert isinstance(app.crash_reason, Stop)

    asyncio.run(run())


def test_messages_from_before_a_rebalance_are_passed_over(local: str) -> None:
    async def run() -> None:
        seen: list[bytes] = []
        working, may_go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def agent(stream: Any) -> None:
            async with aclosing(stream.batches(1)) as batches:
                async for batch in batches:
                    seen.extend(message.value for message in batch)
                    working.set()
                    await may_go_on.wait()
                    if seen[-1] == b"2":
                        ended.set()

        async with running(local, ([REQUESTS], agent), patient=False) as app:
            await send(app, numbers(2))
            await working.wait()
            while _held(app, REQUESTS).records < 2:
                await app.changed.wait(app.changed.turn(), 0.01)
            app.consumer_generation_id += 1
            await send(app, numbers(1, start=2))
            while _held(app, REQUESTS).records < 3:
                await app.changed.wait(app.changed.turn(), 0.01)
            may_go_on.set()
            await ended.wait()
        assert seen == [b"0", b"2"]

    asyncio.run(run())


# -- what may be committed


@given(st.lists(st.integers(1, 3), max_size=30), st.data())
def test_only_what_is_contiguous_and_finished_may_be_committed(steps: list[int], data: st.DataObject) -> None:
    offsets = [sum(steps[: index + 1]) for index in range(len(steps))]  # with gaps
    held = Offsets(0)
    for offset in offsets:
        assert held.deliver(offset, offset)
        assert not held.deliver(offset, offset)
    unfinished = list(offsets)
    for offset in data.draw(st.permutations(offsets)):
        assert held.committable == unfinished[0]
        assert (held.records, held.bytes) == (len(unfinished), sum(unfinished))
        held.finish(offset)
        held.finish(offset)
        unfinished.remove(offset)
    assert held.committable == (offsets[-1] + 1 if offsets else 0)
    assert (held.records, held.bytes) == (0, 0)
