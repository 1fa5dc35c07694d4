"""Workers that ask the same model: each tells the store that it lives, and spends its share of what is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agents.llm.port import BUDGET
from schemas.analyses import AnalysisRequested, CommitAnalyzed
from schemas.commits import CommitObserved
from streams.lifetime import Lifetime
from streams.models import Models
from streams.sharing import Sharing
from streams.store.store import Store
from tests.agents.llm.endpoint import Serving, serving
from tests.samples import commit
from tests.streams.test_models_missing import requested, worker

SECONDS = 60.0


@asynccontextmanager
async def sharing(store: Store, endpoint: Serving, budget: int) -> AsyncIterator[Models]:
    """A worker that looks at the ledger as often as it can."""
    models, lifetime = await worker(store, endpoint, budget_tokens=budget), Lifetime()
    going = asyncio.create_task(Sharing(store, models, lambda _: lifetime.wait(0.05)).go())
    await asyncio.sleep(0.5)
    try:
        yield models
    finally:
        lifetime.end()
        await going
        await models.close()


async def said(models: Models, seen: CommitObserved) -> CommitAnalyzed:
    request: AnalysisRequested = requested(seen)
    [analyzed] = await models.analyze([request])
    assert isinstance(analyzed, CommitAnalyzed)
    return analyzed


def tokens(analyzed: CommitAnalyzed) -> int:
    calls = analyzed.effort.calls if analyzed.effort else ()
    return sum(call.prompt_tokens + call.completion_tokens for call in calls)


def test_a_worker_spends_its_share_and_the_rest_when_the_others_are_gone(tmp_path: Path) -> None:
    async def run() -> None:
        store = await Store.open(f"chdb://{tmp_path / 'store'}")
        commits = [commit(number, f"the change of number {number}") for number in range(40)]
        await store.write(commits)
        try:
            with serving() as endpoint:
                async with asyncio.timeout(SECONDS):
                    await _shared(store, endpoint, commits)
        finally:
            await store.close()

    asyncio.run(run())


async def _shared(store: Store, endpoint: Serving, commits: list[CommitObserved]) -> None:
    budget = 30_000
    async with sharing(store, endpoint, budget) as one:
        async with sharing(store, endpoint, budget) as other:
            # nothing of it is stored: the ledger stands still
            all_of_it = [await said(models, seen) for seen in commits[:20] for models in (one, other)]
            assert {analyzed.reason for analyzed in all_of_it[-2:]} == {BUDGET}
            spent = sum(map(tokens, all_of_it))
            assert budget // 2 < spent <= budget
        await asyncio.sleep(0.5)
        assert (await said(one, commits[20])).status == "done"
        await store.write(all_of_it)
        await asyncio.sleep(0.5)
        assert (await said(one, commits[21])).status == "owed"
