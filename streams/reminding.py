"""Looking again at days about which nobody may say another word: nothing that was learned of them is only in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from reports.aggregator import Aggregator, WindowKey
from schemas.windows import WindowTouched
from streams.clock import Clock
from streams.definitions import Definitions
from streams.flow import Flow
from streams.lifetime import Wait, repeat
from streams.store.store import Store

EVERY_SECONDS = 30.0
RECENT = timedelta(days=7)


@dataclass
class Reminding:
    """Touches windows that wait, which time alone can make ready, and those that a process knew which is gone.

    `owns` says whether this process is the one of several that looks for the latter; `is_ours` whose windows count.
    """

    store: Store
    flow: Flow
    aggregator: Aggregator
    definitions: Definitions
    clock: Clock
    owns: Callable[[], bool]
    is_ours: Callable[[WindowKey], bool]

    async def go(self, wait: Wait) -> None:
        """Until `wait` says that it is enough."""
        if await wait(EVERY_SECONDS):
            await repeat(self.remind, EVERY_SECONDS, wait)

    async def remind(self) -> None:
        await self.definitions.refresh()
        pending = self.aggregator.waiting | self.aggregator.held
        if self.owns():
            pending |= await self._unsettled()
        touches = [WindowTouched(definition=name, day=day, cause="rows") for name, day in sorted(pending)]
        await self.flow.send(touches, source="windows")

    async def _unsettled(self) -> set[WindowKey]:
        since = self.clock.now() - RECENT
        found = {
            (definition.name, day)
            for definition in tuple(self.definitions.values())
            for day in await self.store.unsettled(definition, since)
        }
        return set(filter(self.is_ours, found))
