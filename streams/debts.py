"""Debts: analyses that a model could not make yet, asked for again or given up."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.llm.settings import EndpointSettings
from agents.scorers.judging import STEP
from reports.deliveries.files import ReportFiles
from schemas.analyses import AnalysisRequested, CommitAnalyzed
from schemas.definition import Language
from schemas.errors import Misuse
from streams.clock import Clock
from streams.config import Settings
from streams.deliverer import Deliverer
from streams.flow import Flow
from streams.store.ledger import Debt
from streams.store.store import Store
from streams.working import Working

PORTION = 200  # debts that are handled together


@dataclass(frozen=True)
class Debts:
    """The debts of a store. Files of the reports that are revised by paying them go to `files`."""

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
            await flow.drained()
            paths = await self._deliver(working, flow)
        return len(await self.store.debts()), paths

    async def forgive(self, shas: Collection[str]) -> list[Path]:
        """Give up the debts of commits whose sha begins so (of all, if none are named): the files that changed."""
        debts = chosen(await self.store.debts(), shas)
        working = self._working((), ())
        async with working.flow() as (flow, _):
            await forgive(flow, self.store, debts)
            await flow.drained()
            return await self._deliver(working, flow)

    def _working(self, endpoints: Sequence[EndpointSettings], languages: Collection[Language]) -> Working:
        deliverer = Deliverer(self.files, self.store)
        return Working(self.store, self.settings, self.clock, deliverer, endpoints, tuple(sorted(languages)))

    async def _deliver(self, working: Working, flow: Flow) -> list[Path]:
        for definition in await self.store.definitions():
            await working.deliver_behind(flow, definition.name)
        return working.deliverer.paths


def demand(debt: Debt) -> AnalysisRequested:
    """The request that pays a debt."""
    return AnalysisRequested(
        repo=debt.repo,
        sha=debt.sha,
        committed_at=debt.committed_at,
        language=debt.language,
        depth=debt.wanted,
        reason="owed",
        round=debt.round + STEP,
    )


def chosen(debts: Sequence[Debt], shas: Collection[str]) -> Sequence[Debt]:
    """Those of commits whose sha begins so (all, if none are named). Raises Misuse for a sha that owes nothing."""
    found = [debt for debt in debts if not shas or debt.sha.startswith(tuple(shas))]
    unknown = [sha for sha in shas if not any(debt.sha.startswith(sha) for debt in found)]
    if unknown:
        raise Misuse(f"no analysis of a commit {unknown[0]} is owed; `commitwire owed` lists those that are")
    return found


def forgiven(owed: CommitAnalyzed) -> CommitAnalyzed:
    """The statement that nobody waits for this analysis any longer: the static one stands."""
    return owed.model_copy(update={"status": "forgiven", "round": owed.round + STEP, "effort": None})


async def forgive(flow: Flow, store: Store, debts: Sequence[Debt]) -> None:
    """Say that nobody waits for these any longer. Returns when it is on the log."""
    for portion in _portions(debts):
        owed = await asyncio.gather(*(store.analysis(*debt[:3]) for debt in portion))
        await flow.send([forgiven(event) for event in owed if event is not None], source="debts")


async def pay(flow: Flow, debts: Sequence[Debt]) -> None:
    """Ask for what is owed, in the order given. Returns when all requests are on the log."""
    for portion in _portions(debts):
        await flow.send([demand(debt) for debt in portion], source="debts", wait_for_room=True)


def _portions(debts: Sequence[Debt]) -> Iterable[Sequence[Debt]]:
    return (debts[at : at + PORTION] for at in range(0, len(debts), PORTION))
