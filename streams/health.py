"""What a process says about itself: whether it lives, and whether it is ready to do its work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from schemas.errors import Retry
from streams.flow import Flow
from streams.intake import Intake
from streams.store.store import Store

NOBODY = "-"  # no report can have this name


class Check(NamedTuple):
    """Something that must hold. `ask` raises when it does not, with a message that says why."""

    name: str
    ask: Callable[[], Awaitable[object]]


class Health:
    """Knows what was opened so far. A process that `ingests` is ready once it could read its sources."""

    def __init__(self, *, ingests: bool) -> None:
        self.store: Store | None = None
        self.flow: Flow | None = None
        self.intake: Intake | None = None
        self.alive = [Check("flow", self._flow_goes_on)]
        self.ready = [Check("store", self._store_answers), Check("broker", self._broker_answers)]
        if ingests:
            self.ready.append(Check("sources", self._sources_are_readable))

    async def _flow_goes_on(self) -> None:
        if self.flow is not None:
            self.flow.check()

    async def _store_answers(self) -> None:
        """A small question."""
        if self.store is None:
            raise Retry("the store is not open yet; the log says why")
        await self.store.definition(NOBODY)

    async def _broker_answers(self) -> None:
        if self.flow is None:
            raise Retry("the broker is not read yet; the log says why")
        await self.flow.ask()

    async def _sources_are_readable(self) -> None:
        if self.intake is None:
            raise Retry("the sources were not looked at yet")
        self.intake.check()
