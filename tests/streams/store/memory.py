"""A store and the loop it is used in, for tests that are no coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from schemas.model import Event
from streams.store.store import Store

Result = TypeVar("Result")
VIEWS = (
    *("v_commits", "v_file_changes", "v_patches", "v_analyses", "v_best_analyses", "v_scores", "v_score_parts"),
    *("v_seals", "v_late_commits", "v_reverts", "v_commit_tiers", "v_calls", "v_owed", "v_disagreements"),
)


class Memory:
    def __init__(self, runner: asyncio.Runner, url: str) -> None:
        self.run_in = runner
        self.url = url
        self.store: Store = runner.run(Store.open(url))

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.run_in.run(work)

    def write(self, *events: Event) -> None:
        self.run(self.store.write(events))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.run(self.store.select(sql)).rows

    def dump(self, where: str = "1", views: Sequence[str] = VIEWS) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of the views, in one order."""
        return {view: self.rows(f"SELECT * FROM {view} WHERE {where} ORDER BY ALL") for view in views}


@contextmanager
def opened(url: str) -> Iterator[Memory]:
    with asyncio.Runner() as runner:
        memory = Memory(runner, url)
        try:
            yield memory
        finally:
            runner.run(memory.store.close())
