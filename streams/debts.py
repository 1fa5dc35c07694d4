"""Debts: analyses that a model could not make yet, asked for again or given up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from agents.scorers.judging import STEP
from schemas.analyses import AnalysisRequested, CommitAnalyzed
from schemas.definition import Language
from streams.flow import Flow

PORTION = 200  # requests sent at a time


def demand(debt: CommitAnalyzed) -> AnalysisRequested:
    """The request that pays a debt."""
    language = next(known for known in get_args(Language) if known == debt.language)
    return AnalysisRequested(
        repo=debt.repo,
        sha=debt.sha,
        committed_at=debt.committed_at,
        language=language,
        depth=debt.wanted,
        reason="owed",
        round=debt.round + STEP,
    )


def forgiven(debt: CommitAnalyzed) -> CommitAnalyzed:
    """The statement that nobody waits for this analysis any longer: the static one stands."""
    return debt.model_copy(update={"status": "forgiven", "round": debt.round + STEP, "effort": None})


async def pay(flow: Flow, debts: Sequence[CommitAnalyzed]) -> None:
    """Ask for what is owed, in the order given. Returns when all requests are on the log."""
    for portion in _portions(debts):
        await flow.send([demand(debt) for debt in portion], source="debts", wait_for_room=True)


def _portions(debts: Sequence[CommitAnalyzed]) -> Iterable[Sequence[CommitAnalyzed]]:
    return (debts[at : at + PORTION] for at in range(0, len(debts), PORTION))
