"""What goes on until it is told to end: waiting, trying again, and what a stop interrupts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from schemas.errors import Retry, Stop
from streams import lifetime
from streams.clock import SystemClock
from streams.config import Settings
from streams.lifetime import Ending, Lifetime, repeat
from streams.policy import Backoff
from streams.progress import Progress
from streams.service import Role, Service

LONG = 3600.0


def test_a_wait_ends_with_the_lifetime() -> None:
    async def go() -> None:
        life = Lifetime()
        assert await life.wait(0.001)
        waiting = asyncio.ensure_future(life.wait(LONG))
        await asyncio.sleep(0)
        life.end()
        assert not await waiting
        assert not await life.wait(LONG)

    asyncio.run(go())


def test_work_has_its_result_or_is_cancelled_with_the_end() -> None:
    cancelled = []

    async def hanging() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(True)

    async def failing() -> None:
        raise Retry("away")

    async def go() -> None:
        life = Lifetime()
        assert await life.unless_over(asyncio.sleep(0, "done")) == "done"
        with pytest.raises(Retry):
            await life.unless_over(failing())
        asyncio.get_running_loop().call_soon(life.end)
        with pytest.raises(Ending):
            await life.unless_over(hanging())

    asyncio.run(go())
    assert cancelled == [True]


def test_what_fails_is_tried_again_sooner_and_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifetime, "PATIENCE", Backoff(first=1, longest=4, total=10))
    waits: list[float] = []
    outcomes = iter([Retry("x"), Retry("x"), None, *[Retry("it is away")] * 9])

    async def step() -> None:
        if (error := next(outcomes)) is not None:
            raise error

    async def wait(seconds: float) -> bool:
        waits.append(seconds)
        return True

    with pytest.raises(Stop, match=r"gave up after 5 tries in 10 s: it is away; start again"):
        asyncio.run(repeat(step, LONG, wait))
    assert waits == [1, 2, LONG, 1, 2, 4, 3]


def test_what_a_stop_interrupts_is_no_failure(tmp_path: Path) -> None:
    """A git that is not started any more, for one."""
    role = Role.of("ingest", (), ingests=True)

    async def go(*, stopped: bool) -> None:
        service = Service(role, Settings(data=tmp_path), SystemClock(), Progress(quiet=True))

        async def fails() -> None:
            if stopped:
                service.stop()
            raise Stop("git was told to end; start again")

        await service._until_the_end([fails()])

    asyncio.run(go(stopped=True))
    with pytest.raises(Stop, match="told to end"):
        asyncio.run(go(stopped=False))
