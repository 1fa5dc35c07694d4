"""Sending events: encoded first, so that a failure can be blamed on an event, then sent until the broker has them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.envelope import encode
from schemas.errors import Stop
from schemas.model import Event
from schemas.topics import TOPIC_OF
from streams.clock import Clock
from streams.decoder import Decoder


class Outgoing(NamedTuple):
    """An event in its wire form, and where it goes."""

    topic: str
    key: bytes
    body: bytes
    headers: dict[str, bytes]


class Outbox:
    """Sends through the producer of an Application. `ends` are the offsets after what this process sent.

    `decoder` learns what each record says.
    """

    def __init__(self, app: Any, clock: Clock, decoder: Decoder) -> None:
        self._app = app
        self._clock = clock
        self._decoder = decoder
        self.ends: dict[tuple[str, int], int] = {}

    def encode(self, events: Sequence[Event], source: str) -> list[Outgoing]:
        """The events as records. `source` names the part of the program that says them."""
        now = self._clock.now()
        return [self._encode(event, source, now) for event in events]

    def _encode(self, event: Event, source: str, now: datetime) -> Outgoing:
        outgoing = Outgoing(TOPIC_OF[type(event)].name, *encode(event, source=source, time=now))
        self._decoder.said(outgoing.topic, outgoing.headers, outgoing.body, event)
        return outgoing

    async def transmit(self, outgoing: Sequence[Outgoing]) -> None:
        """Send, in order, and wait until all of it is durable. Raises Stop when that is impossible."""
        if not outgoing:
            return
        try:
            sent = [await self._send(one) for one in outgoing]
            places = await asyncio.gather(*sent)
        except Stop:
            raise
        except Exception as error:
            raise Stop(f"sending to {outgoing[0].topic} failed: {error}; check the broker and start again") from error
        for place in places:
            where = place.topic_partition
            self.ends[where] = max(self.ends.get(where, 0), place.offset + 1)

    async def _send(self, one: Outgoing) -> Any:
        return await self._app.producer.send(one.topic, one.key, one.body, None, None, list(one.headers.items()))
