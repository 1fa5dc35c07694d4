"""Sending events: encoded first, so that a failure can be blamed on an event, then sent until the broker has them."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.envelope import encode
from schemas.errors import Reject, Retry, Stop
from schemas.model import Event
from schemas.topics import TOPIC_OF
from streams import tracing
from streams.clock import Clock
from streams.decoder import Decoder
from streams.lifetime import Wait
from streams.meter import UNMETERED, Meter
from streams.policy import Backoff, Tries
from streams.transports.broker import LARGEST_RECORD

ENVELOPE = 16 * 1024  # bytes that key and headers of a record may take
PATIENCE = Backoff(first=0.2, longest=5.0)


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

    def __init__(self, app: Any, clock: Clock, decoder: Decoder, wait: Wait, *, meter: Meter = UNMETERED) -> None:
        self._app = app
        self._clock = clock
        self._decoder = decoder
        self._wait = wait
        self._meter = meter
        self.ends: dict[tuple[str, int], int] = {}

    def encode(self, events: Sequence[Event], source: str) -> list[Outgoing]:
        """The events as records. `source` names the part of the program that says them."""
        now = self._clock.now()
        return [self._encode(event, source, now) for event in events]

    def _encode(self, event: Event, source: str, now: datetime) -> Outgoing:
        key, body, headers = encode(event, source=source, time=now)
        outgoing = Outgoing(TOPIC_OF[type(event)].name, key, body, headers | tracing.headers())
        if len(outgoing.body) > LARGEST_RECORD - ENVELOPE:
            raise Reject(
                f"{event.type_name()} of {event.key} takes {len(outgoing.body)} bytes, more than any record may"
            )
        self._decoder.said(outgoing.topic, outgoing.headers, outgoing.body, event)
        return outgoing

    async def transmit(self, outgoing: Sequence[Outgoing]) -> None:
        """Send, in order, and wait until all of it is durable; what a broker does not take at once is sent again.

        Raises Stop when that is impossible, or the flow ends before it.
        """
        tries, everything = Tries(PATIENCE), outgoing
        while outgoing:
            sent = [await self._send(one) for one in outgoing]
            places = await asyncio.gather(*sent, return_exceptions=True)
            outgoing = [one for one, place in zip(outgoing, places, strict=True) if isinstance(place, Retry)]
            for place in places:
                self._note(place)
            if outgoing:
                await self._pause(outgoing[0], tries)
        self._tell(everything)

    def _tell(self, durable: Sequence[Outgoing]) -> None:
        topics: dict[str, Counter[str]] = defaultdict(Counter)
        for one in durable:
            topics[one.headers["ce_source"].decode().removeprefix("commitwire/")][one.topic] += 1
        for source, counted in topics.items():
            self._meter.said(source, counted)

    def _note(self, place: Any) -> None:
        """Where a record ended. Raises Stop for an error that does not pass."""
        if isinstance(place, Stop):
            raise place
        if isinstance(place, Retry):
            return
        if isinstance(place, BaseException):
            raise Stop(f"sending failed: {place!r}; check the broker and start again") from place
        where = place.topic_partition
        self.ends[where] = max(self.ends.get(where, 0), place.offset + 1)

    async def _pause(self, one: Outgoing, tries: Tries) -> None:
        seconds = tries.pause()
        if seconds is None:
            raise Stop(f"the broker took no record of {one.topic} for {tries.waited:.0f} s; check it and start again")
        if not await self._wait(seconds):
            raise Stop(f"the flow ended before the broker took a record of {one.topic}; it is made again")

    async def _send(self, one: Outgoing) -> asyncio.Future[Any]:
        headers = list(one.headers.items())
        try:
            sent: asyncio.Future[Any] = await self._app.producer.send(one.topic, one.key, one.body, None, None, headers)
        except (Retry, Stop) as error:
            sent = asyncio.get_running_loop().create_future()
            sent.set_exception(error)
        return sent
