"""Natural batches for Faust agents: whatever is queued already, up to a number.

Stock Faust offers `take(n, within)`, which waits for a batch to fill, and acknowledges it also when the agent raised:
the events are lost. A plain `async for` costs about a millisecond of bookkeeping per event.

`batches(n)` waits for one event only and takes what stands behind it in the queue. So a batch is small while events are
rare, and grows by itself while the agent is busy: under load many events share one round through the agent, one
transaction of the log, one insert. Where a round costs much whatever is in it, a stream lingers as long as more comes,
and rests after a round, twice as long as that took, both within a limit: so rounds are fewer while others are slow.
A batch is acknowledged when, and only when, the agent comes back for the next one:
an agent that raised, was cancelled or went away leaves it unacknowledged, and it is delivered again after a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, NamedTuple

from faust.streams import Stream

SMALL = 8  # events: after a batch this small, others get a turn to queue more
LARGE = 100  # events that wait: they are worth a round, and wait for no rest
HEAVY = 2**20  # bytes of unfinished events: not much more may be fetched before they are done
REST = 2.0  # times as long as the last round took
QUIET_SECONDS = 0.02  # without another event: no more is coming


class Single(NamedTuple):
    """A message, and how to acknowledge it."""

    message: Any
    done: Callable[[], None]


class BatchStream(Stream):  # type: ignore[misc]
    """The stream of an Application."""

    app: Any

    async def batches(self, limit: int, linger: float = 0.0) -> AsyncGenerator[list[Any], None]:
        """Messages, at least one and at most `limit`; acknowledged when the caller asks for the next batch.

        While more comes, a batch is waited for, for at most `linger` seconds; a small one also until the stream has
        rested, for no longer than that either.
        """
        async with aclosing(self._taken(limit, linger)) as taken:
            async for events in taken:
                messages = [event.message for event in events]
                try:
                    yield messages
                    for event in events:
                        event.ack()
                finally:
                    self.app.consumer.left(messages)
                del event, events, messages  # not kept while the next are waited for

    async def singles(self) -> AsyncGenerator[Single, None]:
        """Messages one by one, to be acknowledged in any order; those that are not when it is closed stay so."""
        working: dict[Any, None] = {}
        async with aclosing(self._taken(1, 0.0)) as taken:
            try:
                async for (event,) in taken:
                    working[event.message] = None
                    yield Single(event.message, partial(self._done, event, working))
            finally:
                self.app.consumer.left(list(working))

    def _done(self, event: Any, working: dict[Any, None]) -> None:
        event.ack()
        del working[event.message]
        self.app.consumer.left([event.message])

    async def _taken(self, limit: int, linger: float) -> AsyncGenerator[list[Any], None]:
        """Events, at least one and at most `limit`; the consumer knows that they are worked on."""
        started = await self.maybe_start()
        now = asyncio.get_running_loop().time
        end = now()
        try:
            while not self.should_stop:
                events = await self._take(limit, linger, partial(self._has_rested, end))
                self.app.consumer.took([event.message for event in events])
                begun = now()
                yield events
                del events
                end = now() + rest(now() - begun, linger)
        except StopAsyncIteration:  # thrown into the queue by Faust when the agent is to end
            return
        finally:
            self._channel_stop_iteration(self.channel)
            if started:
                await self.stop()
                self.service_reset()

    def _has_rested(self, end: float) -> bool:
        offsets = self.app.consumer.offsets.values()
        return asyncio.get_running_loop().time() >= end or sum(one.bytes for one in offsets) >= HEAVY

    async def _take(self, limit: int, linger: float, rested: Callable[[], bool]) -> list[Any]:
        queue = self.channel.queue
        while True:
            batch = [await self.channel.get()]
            await gather(queue.qsize, limit, linger, rested)
            while len(batch) < limit and not queue.empty():
                batch.append(queue.get_nowait())
            if len(batch) < SMALL:
                await asyncio.sleep(0)
            if batch := self._current(batch):
                return batch

    def _current(self, batch: list[Any]) -> list[Any]:
        """Without events from before a rebalance: they are delivered again, maybe to another process."""
        if not self.app.flow_control.is_active():
            return []
        generation = self.app.consumer_generation_id
        return [event for event in batch if event.message.generation_id == generation]


def rest(took: float, linger: float) -> float:
    """Seconds between a round that took so many and the next."""
    return min(linger, REST * took)


async def gather(size: Callable[[], int], limit: int, linger: float, rested: Callable[[], bool]) -> None:
    """Wait as long as the size grows, for at most `linger` seconds; while it is not large, until `rested`, too.

    At the limit there is nothing to wait for.
    """
    now = asyncio.get_running_loop().time
    end, last = now() + linger, -1
    while (waiting := size()) < limit:
        more_comes, tired = last < waiting and now() < end, waiting < LARGE and not rested()
        if not (more_comes or tired):
            break
        last = waiting
        await asyncio.sleep(QUIET_SECONDS)
