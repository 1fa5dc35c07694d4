"""`commitwire.dead-letters`: an event that could not be handled, with all that is needed to replay it."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import AwareDatetime

from schemas.model import Event


class DeadLetter(Event):
    """The bytes of the failed event, where it failed and why. `state` changes when it is replayed."""

    topic: str
    failed_key: str
    headers: dict[str, str]
    body: bytes
    error: str  # the error's class
    message: str
    where: str  # the stage that gave up
    attempts: int
    state: Literal["dead", "replayed"] = "dead"
    failed_at: AwareDatetime

    @property
    def key(self) -> str:
        return self.failed_key

    @property
    def letter(self) -> str:
        """What people call it: 12 hex digits, the same for the same bytes at the same stage."""
        text = b"\x1f".join([self.topic.encode(), self.where.encode(), self.failed_key.encode(), self.body])
        return hashlib.blake2b(text, digest_size=6).hexdigest()

    @property
    def about(self) -> tuple[str | int, ...]:
        return (self.letter, self.state)
