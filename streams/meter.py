"""What the parts of a running process tell about their work. Whoever wants to know implements Meter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from schemas.analyses import Call


class Meter(Protocol):
    """Called from the event loop, some times per batch; must not wait and must not raise."""

    def begins(self, stage: str) -> None:
        """This stage runs here."""

    def tried(self, stage: str, events: int, seconds: float) -> None:
        """A stage had a batch of so many events at hand for so long, whatever came of it."""

    def repeats(self, stage: str) -> None:
        """The same batch is going to be tried again."""

    def buried(self, stage: str) -> None:
        """An event became a dead letter."""

    def handled(self, stage: str, topics: Mapping[str, int]) -> None:
        """So many records of each topic are done: what comes of them is durable."""

    def said(self, source: str, topics: Mapping[str, int]) -> None:
        """A stage, or a source, put so many records on each topic; they are durable."""

    def called(self, call: Call) -> None:
        """A model was asked."""

    def collected(self, good: int, failed: int) -> None:
        """All sources were looked at: so many could be read, so many could not."""


class Unmetered:
    """Nobody wants to know."""

    def begins(self, stage: str) -> None: ...

    def tried(self, stage: str, events: int, seconds: float) -> None: ...

    def repeats(self, stage: str) -> None: ...

    def buried(self, stage: str) -> None: ...

    def handled(self, stage: str, topics: Mapping[str, int]) -> None: ...

    def said(self, source: str, topics: Mapping[str, int]) -> None: ...

    def called(self, call: Call) -> None: ...

    def collected(self, good: int, failed: int) -> None: ...


UNMETERED = Unmetered()
