"""Reads that are asked for one by one and made together: a statement about fifty keys costs little more than one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Generic, TypeVar

PAUSE = 0.1  # seconds in which others may ask, too
Key = TypeVar("Key")
Value = TypeVar("Value")


class Together(Generic[Key, Value]):
    """`read` finds the values of many keys; keys that it leaves out have none.

    Those who wait get its error, too. A read goes on when one who waits for it is cancelled.
    """

    def __init__(self, read: Callable[[Collection[Key]], Awaitable[Mapping[Key, Value]]], pause: float = PAUSE) -> None:
        self._read = read
        self._pause = pause
        self._waiting: dict[Key, asyncio.Future[Value | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: Key) -> Value | None:
        """The value of a key, as it is when the read begins; None when there is none."""
        if key not in self._waiting:
            self._waiting[key] = asyncio.get_running_loop().create_future()
        waiting = self._waiting[key]
        if self._reading is None:
            self._reading = asyncio.create_task(self._go())
        return await asyncio.shield(waiting)

    async def _go(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(self._pause)
                asked, self._waiting = self._waiting, {}
                await self._answer(asked)
        finally:
            self._reading = None

    async def _answer(self, asked: Mapping[Key, asyncio.Future[Value | None]]) -> None:
        try:
            found = await self._read(asked.keys())
        except Exception as error:
            for waiting in asked.values():
                waiting.set_exception(error)
                waiting.exception()  # one whose waiters are all gone is no defect
            return
        for key, waiting in asked.items():
            waiting.set_result(found.get(key))
