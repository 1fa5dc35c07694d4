"""The pace, waited for: one request after the other, first come first served."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from agents.llm.pace import Pace

_AT_ONCE = 0.001  # seconds that are not worth a sleep, nor sure to pass in one


class Throttle:
    """`seconds` is the steady clock that `sleep` lets pass."""

    def __init__(self, pace: Pace, sleep: Callable[[float], Awaitable[None]], seconds: Callable[[], float]) -> None:
        self._pace = pace
        self._sleep = sleep
        self._seconds = seconds
        self._turn = asyncio.Lock()

    async def wait(self) -> float:
        """Wait until a request may leave. Returns when it left, by the steady clock."""
        # only the first in the line looks at the pace: those behind cannot rush out together
        async with self._turn:
            while (delay := self._pace.delay(self._seconds())) > _AT_ONCE:
                await self._sleep(delay)
            at = self._seconds()
            self._pace.sent(at)
            return at
