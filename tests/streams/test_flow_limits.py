"""A flow does not wait for ever: neither for stages that do not come forward, nor for its own end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from schemas.errors import Stop
from schemas.model import Event
from schemas.topics import COMMITS
from streams import flow as module
from streams.clock import SystemClock
from streams.flow import Flow
from streams.stage import Stage
from tests.samples import commit

SECONDS = 30  # the longest that anything here may take


async def hang(events: Sequence[Event]) -> Sequence[Event]:
    await asyncio.Event().wait()
    return ()


async def handle(events: Sequence[Event]) -> Sequence[Event]:
    return ()


def flow_of(directory: Path, stage: Stage, patience: float = SECONDS) -> Flow:
    return Flow(f"embedded://{directory}", SystemClock(), [stage], patience)


def test_a_wait_in_which_nothing_moves_ends_and_names_the_topics(tmp_path: Path) -> None:
    async def run() -> None:
        flow = flow_of(tmp_path / "log", Stage("hang", (COMMITS,), hang), patience=0.2)
        await flow.start()
        flow._apps[0].stop_seconds = 0.0
        try:
            await flow.send([commit(1), commit(2)], source="test")
            async with asyncio.timeout(SECONDS):
                with pytest.raises(Stop, match=r"nothing moved for 0\.2 s; .* wait in commitwire\.commits \(2\)"):
                    await flow.drained()
        finally:
            await flow.stop()

    asyncio.run(run())


def test_an_end_that_takes_too_long_is_cancelled_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        flow = flow_of(tmp_path / "log", Stage("hang", (COMMITS,), hang))
        await flow.start()
        await flow.send([commit(1)], source="test")
        monkeypatch.setattr(module, "STOP_SECONDS", 0.05)
        ended = asyncio.Event()

        async def for_ever() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        flow._apps[0].on_stop = for_ever
        flow._apps[0].stop_seconds = 0.0
        await flow.stop()
        assert ended.is_set()

    asyncio.run(run())
    assert [record.message for record in caplog.records if record.name == "streams.flow"] == [
        "the stages were still busy when their time to stop was over; the next start does their work again"
    ]


def test_an_end_that_fails_is_told_and_gives_the_broker_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        flow = flow_of(tmp_path / "log", Stage("handle", (COMMITS,), handle))
        await flow.start()

        async def fail() -> None:
            raise OSError("out of order")

        flow._apps[0].on_stop = fail
        await flow.stop()
        again = flow_of(tmp_path / "log", Stage("handle", (COMMITS,), handle))
        await again.start()
        await again.stop()

    asyncio.run(run())
    (record,) = [record for record in caplog.records if record.name == "streams.flow"]
    assert "OSError('out of order')" in record.message
