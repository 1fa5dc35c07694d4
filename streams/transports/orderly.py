"""What every consumer of ours does differently from stock Faust, whatever the broker.

- Stock Faust commits past an unfinished event when that event stands at the committed offset, so a crash loses it. Here
  only what is contiguous and finished is committed.
- Its delivery loop starts two tasks and takes a lock per message. Ours awaits the topic's handler.
- Its wait for unfinished events at the end has no limit. Ours has.
- A fetcher that is told to stop during a rebalance counts as crashed, and takes the whole app with it. Ours just ends.
- What is fetched while partitions change hands is dropped. Stock Faust goes back for it at any moment, and not at all
  in a partition of which nothing was committed yet. Ours goes back in every partition, between two fetches.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from contextlib import aclosing
from typing import Any

from faust.transport.consumer import Consumer, Fetcher
from faust.types import TP
from mode import Service

from schemas.errors import Retry
from streams.transports.notice import Notice
from streams.transports.offsets import Offsets

DELIVERED_PER_TURN = 100  # messages, before other tasks get their turn
AGAIN_SECONDS = 0.5  # until positions that could not be looked up are looked up again
_log = logging.getLogger(__name__)


class OrderlyFetcher(Fetcher):  # type: ignore[misc]
    """Fetches for an OrderlyConsumer."""

    @Service.task  # type: ignore[untyped-decorator]
    async def _fetcher(self) -> None:
        try:
            await self.app.consumer._drain_messages(self)
        except asyncio.CancelledError as error:
            if not self.should_stop:
                await self.crash(error)
        finally:
            self.set_shutdown()


class OrderlyConsumer(Consumer):  # type: ignore[misc]
    """Mixin, to stand before the consumer of a transport. Its app is a streams.application.Application."""

    app: Any
    offsets: dict[TP, Offsets]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.offsets = {}
        self.finished = 0  # messages, since the start: it rises as long as anything is done
        self.working: Counter[Any] = Counter()  # messages, each with how many streams work on it
        self._astray = False  # what is fetched next is not what is to be read next
        super().__init__(*args, **kwargs)

    @property
    def changed(self) -> Notice:
        """Told when an event is finished or given up."""
        notice: Notice = self.app.changed
        return notice

    def acknowledged(self, tp: TP) -> int:
        """The offset before which everything is finished."""
        offsets = self.offsets.get(tp)
        return offsets.committable if offsets else 0

    # -- delivery

    async def perform_seek(self) -> None:
        """Go back to the committed positions before the next fetch; not while stopping, as nothing is read again."""
        if not self.app.should_stop:
            self._astray = True

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        if self._astray and not await self._gone_back():
            await self.sleep(AGAIN_SECONDS)
            return {}
        records = await self._fetch(active_partitions, timeout)
        return {} if self._astray else records  # from before: they come again

    async def _gone_back(self) -> bool:
        """Forget what was delivered, and read from the committed positions; never from where the client stands, as
        what it has handed out may be unfinished."""
        self._astray = False
        try:
            await super().perform_seek()
        except Retry as error:
            _log.warning("the positions are looked up again: %s", error)
            self._astray = True
            return False
        self.offsets |= {tp: Offsets(self._read_offset.get(tp) or 0) for tp in self.assignment()}
        self.changed.tell()
        return True

    async def _fetch(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        """The records of these partitions (None: of all) that are there within so many seconds."""
        return await super()._getmany(active_partitions, timeout)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self.offsets.pop(tp, None)

    async def _drain_messages(self, fetcher: Any) -> None:
        while not (self.should_stop or fetcher.should_stop):
            await asyncio.sleep(0)
            async with aclosing(self.getmany(timeout=1.0)) as messages:
                await self._deliver(messages, fetcher)

    async def _deliver(self, messages: Any, fetcher: Any) -> None:
        handlers = self.app.topics._tp_to_callback
        delivered = 0
        async for tp, message in messages:
            if self.should_stop or fetcher.should_stop or self._astray or not self.app.flow_control.is_active():
                return
            size = message.serialized_key_size + message.serialized_value_size
            if self.offsets[tp].deliver(message.offset, size):
                await handlers[tp](message)
            delivered += 1
            if delivered % DELIVERED_PER_TURN == 0:
                await asyncio.sleep(0)

    # -- acknowledging and committing

    def ack(self, message: Any) -> bool:
        """Note that all streams are done with a message."""
        message.acked = True
        self.finished += 1
        if message.tp in self.offsets:
            self.offsets[message.tp].finish(message.offset)
        self.changed.tell()
        return True

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterable[TP]:
        return [tp for tp in self.offsets if topics is None or tp in topics or tp.topic in topics]

    def _new_offset(self, tp: TP) -> int | None:
        offset = self.offsets[tp].committable
        return offset if offset > (self._committed_offset[tp] or 0) else None

    # -- the end

    def took(self, messages: Iterable[Any]) -> None:
        """A stream works on these: the end waits for them."""
        self.working.update(messages)

    def left(self, messages: Iterable[Any]) -> None:
        """A stream is done with these or, if they are not acknowledged, will never be: the end waits no longer."""
        self.working.subtract(messages)
        self.working = +self.working
        self.changed.tell()

    async def wait_empty(self) -> None:
        """Wait for the messages that streams work on, as long as the app allows, then commit what is finished."""
        clock = asyncio.get_running_loop().time
        end = clock() + self.app.stop_seconds
        while True:
            turn = self.changed.turn()
            left = end - clock()
            if not self.working or left <= 0 or self.should_stop:
                break
            await self.changed.wait(turn, left)
        await self.commit_and_end_transactions()
