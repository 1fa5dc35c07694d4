"""Who runs the stages of a cluster beside a command, and the end of what they do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from schemas.errors import Stop
from schemas.model import Event
from schemas.topics import ANALYSES, COMMITS
from streams import colleagues
from streams.clock import SystemClock
from streams.colleagues import COMMAND, WORKER, Colleagues, beside
from streams.flow import Flow
from streams.stage import Stage
from streams.transports.broker import Layout
from tests.samples import commit
from tests.servers.brokers import new_namespace
from tests.servers.kafka import Kafka
from tests.streams.started import started
from tests.streams.two_stages import analyze

SECONDS = 60.0
LAYOUT = Layout(partitions=2, session_seconds=6.0)
MANY = 40


class Gate:
    """Two stages: what the second has had is in `kept`, once the gate is open."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.kept: list[str] = []

    @property
    def stages(self) -> tuple[Stage, Stage]:
        return Stage("analyzers", (COMMITS,), analyze), Stage("store", (ANALYSES,), self.keep)

    async def keep(self, events: Sequence[Event]) -> Sequence[Event]:
        await self.open.wait()
        self.kept += [event.key for event in events]
        return ()


@asynccontextmanager
async def running(
    url: str, *stages: Stage, member: str = WORKER, others: Colleagues | None = None
) -> AsyncIterator[Flow]:
    flow = Flow(url, SystemClock(), stages, layout=LAYOUT, member=member, colleagues=others)
    async with started(flow, SECONDS):
        yield flow


async def wait(seconds: float) -> bool:
    await asyncio.sleep(seconds)
    return True


def test_the_embedded_log_has_no_others(tmp_path: Path) -> None:
    async def run() -> None:
        async with beside(f"embedded://{tmp_path}", ()) as others:
            assert others is None

    asyncio.run(run())


def test_what_workers_run_is_left_to_them_and_what_commands_run_is_not(kafka: Kafka) -> None:
    """The broker in memory does not tell of members: there, everything is shared."""

    async def run() -> None:
        url, gate = new_namespace(kafka), Gate()
        analyzers, store = gate.stages
        async with beside(url, gate.stages) as others:
            assert others is not None
            assert others.staffed == frozenset()
        async with running(url, analyzers), running(url, store, member=COMMAND), beside(url, gate.stages) as others:
            assert others is not None
            assert others.staffed == {"analyzers"}

    asyncio.run(run())


def test_it_is_finished_when_all_that_came_of_it_is(kafka: Kafka) -> None:
    async def run() -> None:
        url, gate = new_namespace(kafka), Gate()
        async with running(url, *gate.stages) as worker, beside(url, gate.stages) as others:
            assert others is not None
            await worker.send([commit(n) for n in range(MANY)], source="test")
            finishing = asyncio.ensure_future(others.finish(wait, SECONDS))
            while not worker.lag()["commitwire.analyses"]:
                assert not finishing.done()
                await asyncio.sleep(0.05)
            assert not finishing.done()
            gate.open.set()
            await finishing
            assert len(gate.kept) == MANY
            await others.finish(wait, SECONDS)

    asyncio.run(run())


def test_when_the_workers_are_gone_it_says_so(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colleagues, "ASK_SECONDS", 0.2)
    monkeypatch.setattr(colleagues, "ABSENT_SECONDS", 0.5)

    async def run() -> None:
        url, gate = new_namespace(kafka), Gate()
        gate.open.set()
        async with AsyncExitStack() as stack:
            async with running(url, *gate.stages):
                others = await stack.enter_async_context(beside(url, gate.stages))
                assert others is not None
            async with running(url) as source:
                await source.send([commit(1)], source="test")
                with pytest.raises(Stop, match=r"analyzers, store are gone: nothing is lost"):
                    await others.finish(wait, SECONDS)

    asyncio.run(run())


def test_a_source_waits_for_readers_in_other_processes(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(colleagues, "AHEAD", MANY)
    monkeypatch.setattr(colleagues, "ASK_SECONDS", 0.2)
    caplog.set_level(logging.INFO, "streams.colleagues")

    async def run() -> None:
        url, gate = new_namespace(kafka), Gate()
        analyzers, store = gate.stages
        async with beside(url, gate.stages, leaves=False) as others, running(url, others=others) as source:
            for n in range(MANY):
                await source.send([commit(n)], source="test", wait_for_room=True)
            sending = asyncio.ensure_future(source.send([commit(MANY)], source="test", wait_for_room=True))
            while "nobody has read anything" not in caplog.text:
                assert not sending.done()
                await asyncio.sleep(0.05)
            async with running(url, analyzers, store):
                await sending
                gate.open.set()

    asyncio.run(run())
