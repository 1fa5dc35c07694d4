"""Natural batches for Faust agents: whatever is queued already, up to a number.

Stock Faust offers `take(n, within)`, which waits for a batch to fill, and acknowledges it also when the agent raised:
the events are lost. A plain `async for` costs about a millisecond of bookkeeping per event.

`batches(n)` waits for one event only and takes what stands behind it in the queue. So a batch is small while events are
rare, and grows by itself while the agent is busy: under load many events share one round through the agent, one
transaction of the log, one insert. A batch is acknowledged when, and only when, the agent comes back for the next one:
an agent that raised, was cancelled or went away leaves it unacknowledged, and it is delivered again after a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from faust.streams import Stream

SMALL = 8  # events: after a batch this small, others get a turn to queue more


class BatchStream(Stream):  # type: ignore[misc]
    """The stream of an Application."""

    app: Any

    async def batches(self, limit: int) -> AsyncGenerator[list[Any], None]:
        """Messages, at least one and at most `limit`; acknowledged when the caller asks for the next batch."""
        started = await self.maybe_start()
        try:
            while not self.should_stop:
                batch = await self._take(limit)
                messages = [event.message for event in batch]
                self.app.consumer.took(messages)
                try:
                    yield messages
                except BaseException:
                    self.app.consumer.gave_up(messages)
                    raise
                for event in batch:
                    event.ack()
        except StopAsyncIteration:  # thrown into the queue by Faust when the agent is to end
            return
        finally:
            self._channel_stop_iteration(self.channel)
            if started:
                await self.stop()
                self.service_reset()

    async def _take(self, limit: int) -> list[Any]:
        queue = self.channel.queue
        while True:
            batch = [await self.channel.get()]
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
