"""Debts that are paid by themselves: one is asked for first, and one beyond all help keeps nobody waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from schemas.analyses import AnalysisRequested, CommitAnalyzed
from schemas.commits import CommitObserved
from schemas.model import Event
from schemas.topics import REQUESTS
from streams.clock import SystemClock
from streams.flow import Flow
from streams.paying import Paying
from streams.stage import Stage
from streams.store.store import Store
from tests.samples import NOON, analyzed, commit

LOOKS = 200


def answered(seen: CommitObserved, round_: int, *, done: bool) -> CommitAnalyzed:
    told = {"status": "done"} if done else {"status": "owed", "reason": "it is beyond all help"}
    of_model = {"analyzer": "llm", "language": "en", "round": round_, "wanted": "brief"}
    return analyzed(seen).model_copy(update=of_model | told)


def test_the_oldest_one_may_be_beyond_all_help(tmp_path: Path) -> None:
    commits = {seen.sha: seen for seen in (commit(n, at=NOON + timedelta(hours=n)) for n in range(4))}
    oldest = next(iter(commits))

    async def run() -> None:
        store = await Store.open(f"chdb://{tmp_path / 'store'}")
        await store.write([answered(seen, analyzed(seen).round + 1, done=False) for seen in commits.values()])
        looks = 0

        async def wait(seconds: float) -> bool:
            nonlocal looks
            looks += 1
            await asyncio.sleep(0.02)
            return looks < LOOKS and len(await store.debts()) > 1

        async def ask(events: Sequence[Event]) -> Sequence[Event]:
            requests = [event for event in events if isinstance(event, AnalysisRequested)]
            await store.write([answered(commits[one.sha], one.round, done=one.sha != oldest) for one in requests])
            return ()

        flow = Flow(f"embedded://{tmp_path / 'log'}", SystemClock(), [Stage("models", (REQUESTS,), ask)])
        await flow.start()
        try:
            await Paying(store, flow, wait, patience=60.0, every=1.0, owns=lambda: True).go()
            await flow.drained()
            assert [debt.sha for debt in await store.debts()] == [oldest]
        finally:
            await flow.stop()
            await store.close()

    asyncio.run(run())
