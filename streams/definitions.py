"""The definitions that a process knows: others may bind new ones while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from schemas.analyses import CommitAnalyzed
from schemas.commits import CommitObserved
from schemas.definition import Definition, Source
from schemas.model import Event
from schemas.scores import CommitScored
from schemas.seals import DaySealed
from schemas.windows import WindowTouched
from streams.store.store import Store

AGE_SECONDS = 1.0  # what was bound before is known to who keeps up
OF_COMMITS = (CommitObserved, CommitAnalyzed, CommitScored)


class Definitions(dict[str, Definition]):
    """By name; read again from the store when an event tells of something that none of them covers.

    Somebody may bind another one for repositories that are covered already: services keep up with that.
    """

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._covered: set[tuple[Source, str]] = set()  # sources, each with a zone in which a definition has its days
        self._repos: set[str] = set()  # theirs, and those of which it is known that no definition has them
        self._read = 0.0  # since when what is here is known to hold, by the loop's clock
        self._reading = asyncio.Lock()

    async def keep_up(self) -> None:
        """Read them again, unless that was done a moment ago."""
        async with self._reading:
            if asyncio.get_running_loop().time() - self._read > AGE_SECONDS:
                await self._refresh()

    async def refresh(self) -> None:
        async with self._reading:
            await self._refresh()

    async def _refresh(self) -> None:
        began = asyncio.get_running_loop().time()
        known = {definition.name: definition for definition in await self._store.definitions()}
        self.clear()
        self.update(known)
        self._covered = {(source, one.zone) for one in self.values() for source in one.sources}
        self._repos = {source.repo for source, _ in self._covered}
        self._read = began

    async def know(self, events: Sequence[Event]) -> None:
        """A definition is bound before its first commit: what these events belong to is known after this."""
        if any(map(self._is_news, events)):
            await self.refresh()
            self._repos |= {event.repo for event in events if isinstance(event, OF_COMMITS)}

    def _is_news(self, event: Event) -> bool:
        if isinstance(event, WindowTouched):
            return event.definition not in self
        if isinstance(event, DaySealed):
            return (Source(repo=event.repo, branch=event.branch), event.zone) not in self._covered
        return isinstance(event, OF_COMMITS) and event.repo not in self._repos
