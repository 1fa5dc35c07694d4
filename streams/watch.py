"""Waiting for windows: a command that asked for days learns when their reports stand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from reports.aggregator import Settled, WindowKey
from schemas.definition import Source

Numbers = Mapping[Source, int]


class Watch:
    """Knows the last settlement of each window, and wakes those who wait for one that folds certain seals."""

    def __init__(self) -> None:
        self._settled: dict[WindowKey, Settled] = {}
        self._changed = asyncio.Event()

    def tell(self, settled: Settled) -> None:
        self._settled[settled.definition, settled.day] = settled
        self._changed.set()

    def open(self, wanted: Mapping[WindowKey, Numbers]) -> set[WindowKey]:
        """Those of `wanted` whose report does not stand yet on the seals with the given numbers, or later ones."""
        return {key for key, numbers in wanted.items() if not self._stands(key, numbers)}

    def _stands(self, key: WindowKey, numbers: Numbers) -> bool:
        settled = self._settled.get(key)
        return settled is not None and all(settled.seals.get(source, 0) >= n for source, n in numbers.items())

    def revisions(self, keys: Iterable[WindowKey]) -> dict[WindowKey, int]:
        """The revision that stands for each of these windows."""
        return {key: self._settled[key].revision for key in keys if key in self._settled}

    async def until(self, wanted: Mapping[WindowKey, Numbers]) -> None:
        while self.open(wanted):
            self._changed.clear()
            await self._changed.wait()
