"""How long something goes on: until it is told to end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from schemas.errors import Retry, Stop
from streams.policy import Backoff, Tries

Wait = Callable[[float], Awaitable[bool]]  # seconds -> whether to go on
Result = TypeVar("Result")
PATIENCE = Backoff()  # with what is away
_log = logging.getLogger(__name__)


class Ending(Exception):
    """No error: the end came while something was waited for."""


class Lifetime:
    """What works by itself waits on it between two steps."""

    def __init__(self) -> None:
        self._ended = asyncio.Event()

    def end(self) -> None:
        self._ended.set()

    @property
    def is_over(self) -> bool:
        return self._ended.is_set()

    async def over(self) -> None:
        """Wait for the end."""
        await self._ended.wait()

    async def wait(self, seconds: float) -> bool:
        """Wait for so many seconds, or for the end: whether to go on."""
        try:
            await asyncio.wait_for(self._ended.wait(), seconds)
        except TimeoutError:
            return True
        return False

    async def unless_over(self, work: Awaitable[Result]) -> Result:
        """The result of the work. When the end comes first, the work is cancelled, and Ending raised."""
        working = asyncio.ensure_future(work)
        await first(working, self.over())
        if working.cancelled():
            raise Ending
        return working.result()


async def repeat(step: Callable[[], Awaitable[None]], every: float, wait: Wait) -> None:
    """Do the same again and again, with so many seconds in between, until `wait` says that it is enough.

    What ended with Retry is tried again sooner. Raises Stop as `patiently` does.
    """
    with suppress(Ending):
        await patiently(step, wait)
        while await wait(every):
            await patiently(step, wait)


async def patiently(step: Callable[[], Awaitable[Result]], wait: Wait) -> Result:
    """The result of the step, as soon as it does not end with Retry.

    Raises Stop when many tries were to no avail, Ending when `wait` says before that it is enough.
    """
    tries = Tries(PATIENCE)
    while True:
        try:
            return await step()
        except Retry as error:
            seconds = tries.pause()
            if seconds is None:
                said = f"gave up after {tries.count} tries in {tries.waited:.0f} s"
                raise Stop(f"{said}: {error}; start again") from error
            _log.warning("trying again in %.1f s: %s", seconds, error)
        if not await wait(seconds):
            raise Ending


async def first(*waiting: Awaitable[object]) -> None:
    """Wait until one of them is done; its error is raised, the others are cancelled."""
    tasks = [asyncio.ensure_future(one) for one in waiting]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
