"""A commit that is to be analyzed by a model and is not in the store: it is waited for, unless it cannot come."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.llm.settings import EndpointSettings
from schemas.analyses import AnalysisRequested
from schemas.errors import Reject, Retry
from streams.config import Settings
from streams.models import LOST_AFTER, STORED_WITHIN, Models
from streams.store.store import Store
from tests.samples import analyzed, commit

NOWHERE = EndpointSettings(url="http://127.0.0.1:9/v1", model="m", name="nobody")


class Moved:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.time = datetime(2026, 2, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@pytest.mark.parametrize("stored", [True, False])
def test_it_is_waited_for_until_the_store_has_what_was_said_later(tmp_path: Path, stored: bool) -> None:
    seen = commit(1)
    request = AnalysisRequested(
        repo=seen.repo,
        sha=seen.sha,
        committed_at=seen.committed_at,
        language="en",
        depth="standard",
        reason="first",
        round=1,
    )

    async def run() -> None:
        clock = Moved()
        store = await Store.open(f"chdb://{tmp_path / 'store'}")
        models = await Models.of([NOWHERE], store, clock, Settings(), lambda _: None)
        try:
            for _ in range(3):
                with pytest.raises(Retry, match="not in the store yet"):
                    await models.analyze([request])
                clock.time += STORED_WITHIN
            if stored:
                await store.write([analyzed(seen)])
            else:
                clock.time += LOST_AFTER
            with pytest.raises(Reject, match="only what was said of it" if stored else "it is not in the store"):
                await models.analyze([request])
        finally:
            await models.close()
            await store.close()

    asyncio.run(run())
