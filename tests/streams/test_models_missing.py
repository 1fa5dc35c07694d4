"""A commit that is to be analyzed by a model and is not in the store: that is behind, and nothing is lost by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agents.llm.settings import EndpointSettings
from schemas.analyses import AnalysisRequested, CommitAnalyzed
from schemas.commits import CommitObserved
from schemas.errors import Reject
from schemas.model import Event
from schemas.topics import ANALYSES, REQUESTS
from streams import models as stage
from streams.clock import SystemClock
from streams.config import Settings
from streams.debts import pay
from streams.flow import Flow
from streams.models import UNSTORED, Models
from streams.policy import Backoff
from streams.stage import Stage
from streams.store.store import Store
from tests.agents.llm.endpoint import Serving, serving
from tests.samples import analyzed, commit

MANY = 30  # as dead letters they would stop a stage
SECONDS = 60.0


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "STORED_WITHIN", 0.3)
    monkeypatch.setattr(stage, "LOOKS", Backoff(first=0.05, longest=0.1, total=SECONDS))


def requested(seen: CommitObserved) -> AnalysisRequested:
    round_ = analyzed(seen).round + 1
    return AnalysisRequested(
        repo=seen.repo,
        sha=seen.sha,
        committed_at=seen.committed_at,
        language="en",
        depth="brief",
        reason="first",
        round=round_,
    )


async def worker(store: Store, endpoint: Serving, budget_tokens: int | None = None) -> Models:
    ours = EndpointSettings(url=endpoint.url, model="m", name="ours")
    return await Models.of([ours], store, SystemClock(), Settings(budget_tokens=budget_tokens), lambda _: None)


@asynccontextmanager
async def asking(place: Path, endpoint: Serving) -> AsyncIterator[tuple[Store, Models]]:
    store = await Store.open(f"chdb://{place / 'store'}")
    models = await worker(store, endpoint)
    try:
        async with asyncio.timeout(SECONDS):
            yield store, models
    finally:
        await models.close()
        await store.close()


def test_one_of_which_nothing_is_stored_is_waited_for(tmp_path: Path) -> None:
    async def run() -> None:
        with serving() as endpoint:
            async with asking(tmp_path, endpoint) as (store, models):
                seen = commit(1)
                analyzing = asyncio.create_task(models.analyze([requested(seen)]))
                await asyncio.sleep(1.5)
                assert not analyzing.done()
                await store.write([seen])
                [said] = await analyzing
                assert isinstance(said, CommitAnalyzed)
                assert (said.status, said.round) == ("done", requested(seen).round)

    asyncio.run(run())


def test_one_of_which_nothing_ever_comes_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "LOOKS", Backoff(first=0.05, longest=0.1, total=0.5))

    async def run() -> None:
        with serving() as endpoint:
            async with asking(tmp_path, endpoint) as (_, models):
                with pytest.raises(Reject, match="nothing of it came to the store"):
                    await models.analyze([requested(commit(1))])

    asyncio.run(run())


def test_where_only_what_was_said_of_them_is_stored_analyses_are_owed_and_paid_later(tmp_path: Path) -> None:
    async def run() -> None:
        with serving() as endpoint:
            async with asking(tmp_path, endpoint) as (store, models), storing(tmp_path, store, models) as flow:
                commits = [commit(number) for number in range(MANY)]
                await store.write([analyzed(seen) for seen in commits])
                await flow.send([requested(seen) for seen in commits], source="scorers")
                await flow.drained()
                debts = await store.debts()
                assert [(debt.reason, debt.wanted) for debt in debts] == [(UNSTORED, "brief")] * MANY
                owed = await store.analysis(*debts[0][:3])
                static = await store.static(*debts[0][:2])
                assert owed is not None
                assert static is not None
                assert (owed.facts, owed.analysis, owed.status) == (static.facts, static.analysis, "owed")

                await store.write(commits)
                await pay(flow, debts)
                await flow.drained()
                assert await store.debts() == []
                assert flow.dead_letters == 0

    asyncio.run(run())


@asynccontextmanager
async def storing(place: Path, store: Store, models: Models) -> AsyncIterator[Flow]:
    """The stage of models, and one that stores what it says."""

    async def keep(events: Sequence[Event]) -> Sequence[Event]:
        await store.write(events)
        return ()

    asks = Stage("models", (REQUESTS,), models.analyze, slots=models.slots)
    flow = Flow(f"embedded://{place / 'log'}", SystemClock(), [asks, Stage("store", (ANALYSES,), keep)])
    await flow.start()
    try:
        yield flow
    finally:
        await flow.stop()


def test_the_same_asked_twice_at_the_same_time_is_asked_once(tmp_path: Path) -> None:
    async def run() -> None:
        with serving() as endpoint:
            async with asking(tmp_path, endpoint) as (store, models):
                seen, other = commit(1), commit(2, "something else")
                await store.write([seen, other])
                await models.analyze([requested(other)])
                one = endpoint.count("requests")
                endpoint.control(latency=0.5)
                [first], [second] = await asyncio.gather(*(models.analyze([requested(seen)]) for _ in range(2)))
                assert first == second
                assert endpoint.count("requests") == 2 * one

    asyncio.run(run())
