"""Debts: analyses that a model could not make yet, asked for again or given up."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence

from agents.scorers.judging import STEP
from schemas.analyses import AnalysisRequested, CommitAnalyzed
from schemas.errors import Misuse
from streams.flow import Flow
from streams.store.ledger import Debt
from streams.store.store import Store

PORTION = 200  # debts that are handled together


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
