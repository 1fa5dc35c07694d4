"""The pace, waited for: one request after the other, first come first served."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from agents.llm.pace import Pace

_AT_ONCE = 0.001  # seconds that are not worth a sleep, nor sure to pass in one


class Impatient(Exception):
    """Refusals made a request wait longer than it has patience."""


class Throttle:
    """`seconds` is the steady clock that `sleep` lets pass."""

    def __init__(self, pace: Pace, sleep: Callable[[float], Awaitable[None]], seconds: Callable[[], float]) -> None:
        self._pace = pace
        self._sleep = sleep
        self._seconds = seconds
        self._turn = asyncio.Lock()

    async def wait(self, patience: float, gone: Callable[[], bool]) -> float | None:
        """Wait until a request may leave. Returns when it left, by the steady clock; None when the endpoint is `gone`.

        Waits are as long as they must be while answers come. Raises Impatient when for `patience` seconds none came.
        """
        began = self._seconds()
        # only the first in the line looks at the pace: those behind cannot rush out together
        async with self._turn:
            while not gone() and (delay := self._pace.delay(self._seconds())) > _AT_ONCE:
                left = patience - self._pace.refused_for(self._seconds(), began) if self._pace.refusing else delay
                if left <= _AT_ONCE:
                    raise Impatient
                await self._sleep(min(delay, left))
            if gone():
                return None
            at = self._seconds()
            self._pace.sent(at)
            return at
