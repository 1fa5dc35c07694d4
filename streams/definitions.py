"""The definitions that a process knows: others may bind new ones while it runs."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.definition import Definition, Source
from schemas.model import Event
from schemas.seals import DaySealed
from schemas.windows import WindowTouched
from streams.store.store import Store


class Definitions(dict[str, Definition]):
    """By name; read again from the store when an event tells of something that none of them covers."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    async def refresh(self) -> None:
        known = {definition.name: definition for definition in await self._store.definitions()}
        self.clear()
        self.update(known)

    async def know(self, events: Sequence[Event]) -> None:
        """A definition is bound before its first seal: what these events belong to is known after this."""
        covered = {(source, one.zone) for one in self.values() for source in one.sources}
        if any(self._is_news(event, covered) for event in events):
            await self.refresh()

    def _is_news(self, event: Event, covered: set[tuple[Source, str]]) -> bool:
        if isinstance(event, WindowTouched):
            return event.definition not in self
        if isinstance(event, DaySealed):
            return (Source(repo=event.repo, branch=event.branch), event.zone) not in covered
        return False
