"""Debts of a store paid or forgiven by a command: the flow is run for it, and ends with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.llm.settings import EndpointSettings
from reports.deliveries.files import ReportFiles
from schemas.definition import Language
from schemas.errors import Misuse
from streams import doorway
from streams.clock import Clock
from streams.config import Settings
from streams.debts import chosen, forgive, pay
from streams.deliverer import Deliverer
from streams.flow import Flow
from streams.store.store import Store
from streams.working import Working


@dataclass(frozen=True)
class Settlement:
    """Pays or forgives the debts of a store. Files of the reports that are revised by it go to `files`."""

    store: Store
    settings: Settings
    clock: Clock
    files: ReportFiles

    async def pay(self, endpoints: Sequence[EndpointSettings]) -> tuple[int, list[Path]]:
        """Ask for everything that is owed, the oldest first: how many debts are left, and the files that changed."""
        if not endpoints:
            raise Misuse("debts are paid by a model; set OPENAI_BASE_URL, or configure [[endpoints]] or --llm")
        debts = await self.store.debts()
        working = self._working(endpoints, {debt.language for debt in debts})
        async with working.flow() as (flow, _):
            await pay(flow, debts)
            await flow.finished()
            paths = await self._deliver(working, flow)
        return len(await self.store.debts()), paths

    async def forgive(self, shas: Collection[str]) -> list[Path]:
        """Give up the debts of commits whose sha begins so (of all, if none are named): the files that changed."""
        debts = chosen(await self.store.debts(), shas)
        working = self._working((), ())
        async with working.flow() as (flow, _):
            await forgive(flow, self.store, debts)
            await flow.finished()
            return await self._deliver(working, flow)

    def _working(self, endpoints: Sequence[EndpointSettings], languages: Collection[Language]) -> Working:
        deliverer = Deliverer(self.files, self.store, shared=not doorway.is_owned(self.settings))
        return Working(self.store, self.settings, self.clock, deliverer, endpoints, tuple(sorted(languages)))

    async def _deliver(self, working: Working, flow: Flow) -> list[Path]:
        for definition in await self.store.definitions():
            await working.deliver_behind(flow, definition.name)
        return working.deliverer.paths
