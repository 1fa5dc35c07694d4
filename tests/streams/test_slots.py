"""Stages with slots, on a real log: many events at once, each acknowledged by itself, none lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from schemas.commits import CommitObserved
from schemas.errors import Reject, Stop
from schemas.model import Event
from schemas.topics import ANALYSES, COMMITS, DEAD_LETTERS, Topic
from streams.outbox import Outgoing
from streams.stage import Outlet, Stage
from streams.transports.log_reader import LogReader
from tests.samples import analyzed, commit
from tests.streams.test_flow import running

SLOTS = 4


def keys_of(directory: Path, topic: Topic) -> list[str]:
    with LogReader(directory) as log:
        return sorted((record.key or b"").decode() for record in log.records(topic.name))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "a log"


class Slow:
    """Handles each event only when it is let go, by the number of its commit."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.most = 0
        self._working = 0
        self._doors: dict[str, asyncio.Event] = {}
        self._changed = asyncio.Condition()

    def let(self, *numbers: int) -> None:
        for number in numbers:
            self._door(commit(number).sha).set()

    async def until_begun(self, count: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.begun) >= count)

    async def handle(self, events: Sequence[Event]) -> Sequence[Event]:
        (event,) = events
        assert isinstance(event, CommitObserved)
        async with self._changed:
            self.begun.append(event.sha)
            self._working += 1
            self.most = max(self.most, self._working)
            self._changed.notify_all()
        try:
            await self._door(event.sha).wait()
        finally:
            self._working -= 1
        return [analyzed(event)]

    def _door(self, sha: str) -> asyncio.Event:
        return self._doors.setdefault(sha, asyncio.Event())


def slotted(slow: Slow) -> Stage:
    return Stage("models", (COMMITS,), slow.handle, slots=SLOTS)


def test_as_many_events_as_slots_are_handled_at_once_and_all_of_them(directory: Path) -> None:
    async def run() -> None:
        slow = Slow()
        slow.let(*range(4, 40))
        async with running(directory, slotted(slow)) as flow:
            await flow.send([commit(number) for number in range(40)], source="test")
            await slow.until_begun(SLOTS)
            assert slow.begun == [commit(number).sha for number in range(SLOTS)]
            slow.let(*range(4))
            await flow.drained()
        assert slow.most == SLOTS

    asyncio.run(run())
    assert keys_of(directory, ANALYSES) == sorted(commit(number).key for number in range(40))


def test_what_finished_behind_an_unfinished_one_is_done_again_and_only_that(directory: Path) -> None:
    async def run() -> None:
        slow = Slow()
        slow.let(0, 1, 3, 4, 5)
        async with running(directory, slotted(slow)) as flow:
            await flow.send([commit(number) for number in range(6)], source="test")
            await slow.until_begun(6)
            while flow.lag()[COMMITS.name] > 4:
                await flow._apps[0].changed.wait(flow._apps[0].changed.turn())
            while not await flow._apps[0].consumer.commit():
                pass  # one that was under way may have begun before
        again = Slow()
        again.let(*range(6))
        async with running(directory, slotted(again)) as flow:
            await flow.drained()
        assert again.begun == [commit(number).sha for number in range(2, 6)]

    asyncio.run(run())


def test_a_flow_that_ends_does_not_wait_for_what_hangs(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.application.STOP_SECONDS", 3_600)
    monkeypatch.setattr("streams.flow.STOP_SECONDS", 3_600)

    async def run() -> None:
        slow = Slow()
        async with running(directory, slotted(slow)) as flow:
            await flow.send([commit(number) for number in range(6)], source="test")
            await slow.until_begun(SLOTS)

    asyncio.run(run())


def test_one_bad_event_stops_nobody(directory: Path) -> None:
    async def handle(events: Sequence[Event]) -> Sequence[Event]:
        (event,) = events
        assert isinstance(event, CommitObserved)
        if event.sha == commit(3).sha:
            raise Reject("hopeless")
        return [analyzed(event)]

    async def run() -> None:
        async with running(directory, Stage("models", (COMMITS,), handle, slots=SLOTS)) as flow:
            await flow.send([commit(number) for number in range(10)], source="test")
            await flow.drained()
            assert flow.dead_letters == 1

    asyncio.run(run())
    assert len(keys_of(directory, ANALYSES)) == 9
    assert len(keys_of(directory, DEAD_LETTERS)) == 1


@pytest.mark.parametrize(("error", "words"), [(Stop("the end"), "the end"), (SystemError("odd"), "is a defect")])
def test_what_nothing_can_go_on_after_stops_all_slots(directory: Path, error: Exception, words: str) -> None:
    class Broken:
        """Has the words, but no way to send them."""

        def __init__(self, outbox: Outlet) -> None:
            self.encode = outbox.encode

        async def transmit(self, outgoing: Sequence[Outgoing]) -> None:
            raise error

    async def run() -> None:
        slow = Slow()
        async with running(directory, slotted(slow)) as flow:
            flow._loops[0]._outlet = Broken(flow._outbox)
            slow.let(0)
            await flow.send([commit(number) for number in range(6)], source="test")
            with pytest.raises(Stop, match=words):
                await flow.drained()

    asyncio.run(run())
