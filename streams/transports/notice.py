"""Waiting for something to change, without polling and without missing it."""

from __future__ import annotations

import asyncio


class Notice:
    """Wakes everybody who took a turn before the change.

    Take a turn, look at the state, and only then wait for the turn: a change in between ends the wait at once.
    """

    def __init__(self) -> None:
        self._turn: asyncio.Future[None] | None = None

    def turn(self) -> asyncio.Future[None]:
        """What ends at the next change. It is shared: wait for it with `wait`, which never cancels it."""
        if self._turn is None or self._turn.done():
            self._turn = asyncio.get_running_loop().create_future()
        return self._turn

    async def wait(self, turn: asyncio.Future[None], seconds: float | None = None) -> None:
        """Until the turn ends or the time is over."""
        await asyncio.wait({turn}, timeout=seconds)

    def tell(self) -> None:
        """Something changed."""
        if self._turn is not None and not self._turn.done():
            self._turn.set_result(None)
