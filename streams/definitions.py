"""The definitions that a process knows: others may bind new ones while it runs."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.analyses import CommitAnalyzed
from schemas.commits import CommitObserved
from schemas.definition import Definition, Source
from schemas.model import Event
from schemas.scores import CommitScored
from schemas.seals import DaySealed
from schemas.windows import WindowTouched
from streams.store.store import Store

OF_COMMITS = (CommitObserved, CommitAnalyzed, CommitScored)


class Definitions(dict[str, Definition]):
    """By name; read again from the store when an event tells of something that none of them covers.

    Somebody may bind another one for repositories that are covered already: services refresh them now and then.
    """

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._strange: set[str] = set()  # repositories that no definition had when they were last read

    async def refresh(self) -> None:
        known = {definition.name: definition for definition in await self._store.definitions()}
        self.clear()
        self.update(known)
        self._strange.clear()

    async def know(self, events: Sequence[Event]) -> None:
        """A definition is bound before its first commit: what these events belong to is known after this."""
        covered = {(source, one.zone) for one in self.values() for source in one.sources}
        repos = self._strange.union(source.repo for source, _ in covered)
        if any(self._is_news(event, covered, repos) for event in events):
            await self.refresh()
            named = {event.repo for event in events if isinstance(event, OF_COMMITS)}
            self._strange |= named.difference(*(one.repos for one in self.values()))

    def _is_news(self, event: Event, covered: set[tuple[Source, str]], repos: set[str]) -> bool:
        if isinstance(event, WindowTouched):
            return event.definition not in self
        if isinstance(event, DaySealed):
            return (Source(repo=event.repo, branch=event.branch), event.zone) not in covered
        return isinstance(event, OF_COMMITS) and event.repo not in repos
