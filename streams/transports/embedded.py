"""A Faust transport on the embedded log: `embedded:///absolute/directory`, one process, no broker."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from faust.transport import base
from faust.types import TP, ConsumerMessage
from faust.types.tuples import RecordMetadata

from schemas.errors import Misuse, Stop
from streams.transports.log import Log
from streams.transports.orderly import OrderlyConsumer
from streams.transports.record import NewRecord, Partition, Record
from streams.transports.writer import Writer

UNFINISHED_RECORDS = 250  # per partition: reading pauses above either limit
UNFINISHED_BYTES = 4 * 2**20


class Producer(base.Producer):  # type: ignore[misc]
    """Appends to the log; what `send` returns is done once the record is durable."""

    app: Any
    transport: Transport

    async def on_stop(self) -> None:
        await self.flush()

    async def ask(self) -> None:
        """The log is a file of this process: a write that it cannot take stops the flow."""

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Any,
        *,
        transactional_id: str | None = None,
    ) -> asyncio.Future[RecordMetadata]:
        await self.transport.writer.room()
        place = self.key_partition(topic, key) if partition is None else TP(topic, partition)
        at = time.time() if timestamp is None else timestamp
        record = NewRecord(Partition(*place), key, value, dict(headers or {}), at)
        written: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        self.transport.writer.append(record).add_done_callback(partial(_tell, written, place, at))
        return written

    async def send_and_wait(self, *args: Any, **kwargs: Any) -> RecordMetadata:
        return await (await self.send(*args, **kwargs))

    async def flush(self) -> None:
        if self.buffer.size:
            await self.buffer.flush()
        await self.transport.writer.flush()

    async def create_topic(
        self,
        topic: str,
        partitions: int,
        replication: int,
        *,
        config: Mapping[str, Any] | None = None,
        timeout: Any = 0,
        retention: timedelta | float | None = None,
        compacting: bool | None = None,
        deleting: bool | None = None,
        ensure_created: bool = False,
    ) -> None:
        kept = timedelta(seconds=retention) if isinstance(retention, int | float) else retention
        create = partial(self.transport.log.create_topic, topic, partitions=partitions, retention=kept)
        await self.transport.writer.run(partial(create, compacted=bool(compacting)))

    def key_partition(self, topic: str, key: bytes | None) -> TP:
        return TP(*self.transport.log.partition_for(topic, key))

    def supports_headers(self) -> bool:
        return True


def _tell(written: asyncio.Future[RecordMetadata], place: TP, timestamp: float, offset: asyncio.Future[int]) -> None:
    if written.done():
        return
    if error := offset.exception():
        written.set_exception(error)
    else:
        written.set_result(RecordMetadata(place.topic, place.partition, place, offset.result(), timestamp, 0))


class Consumer(OrderlyConsumer):
    """Reads all partitions of the topics it subscribes to: there is one process."""

    transport: Transport

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._assigned: set[TP] = set()
        self._position: dict[TP, int] = {}
        self._generation = 0
        super().__init__(*args, **kwargs)

    # -- assignment: everything, at once

    async def subscribe(self, topics: Iterable[str]) -> None:
        names = sorted(topics)
        await self.transport.writer.run(lambda: self.transport.log.join(self.app.conf.id, names))
        wanted = {TP(*place) for name in names for place in self.transport.log.partitions(name)}
        if wanted != self._assigned or self._generation == 0:
            # not awaited: the app's callback waits until the conductor's call of subscribe() has returned
            self.add_future(self._assign(wanted))

    async def _assign(self, wanted: set[TP]) -> None:
        self.app.on_rebalance_start()
        if self._assigned:
            await self.on_partitions_revoked(self._assigned)
        self._generation += 1
        self.app.consumer_generation_id = self._generation
        self._assigned = wanted
        self._tell_assignor(wanted)
        await self.on_partitions_assigned(wanted, self._generation)

    def _tell_assignor(self, wanted: set[TP]) -> None:
        """What the assignor would have learned from a broker's group protocol."""
        partitions: dict[str, list[int]] = defaultdict(list)
        for tp in sorted(wanted):
            partitions[tp.topic].append(tp.partition)
        assignor = self.app.assignor
        assignor._assignment.actives, assignor._assignment.standbys = dict(partitions), {}
        assignor._active_tps, assignor._standby_tps = set(wanted), set()
        assignor._topic_groups = dict.fromkeys(partitions, 0)

    def assignment(self) -> set[TP]:
        return set(self._assigned)

    # -- reading

    async def _fetch(self, active_partitions: set[TP] | None, timeout: float) -> dict[TP, list[Record]]:
        turn = self.changed.turn()
        wanted = self._assigned if active_partitions is None else active_partitions
        found = {tp: records for tp in list(wanted) if (records := self._read(tp))}
        if not found:
            await self.changed.wait(turn, timeout)
        return found

    def _read(self, tp: TP) -> list[Record]:
        """What stands next in a partition, as far as its unfinished records leave room."""
        offsets = self.offsets.get(tp)
        if offsets is None or not self.flow_active or self._position[tp] >= self.highwater(tp):
            return []
        records, size = UNFINISHED_RECORDS - offsets.records, UNFINISHED_BYTES - offsets.bytes
        if records <= 0 or size <= 0:
            return []
        found = self.transport.log.read(Partition(*tp), self._position[tp], records=records, size=size)
        self._position[tp] = found[-1].offset + 1 if found else self.highwater(tp)
        return found

    def _to_message(self, tp: TP, record: Record) -> ConsumerMessage:
        return ConsumerMessage(
            record.topic,
            record.partition,
            record.offset,
            record.timestamp,
            0,
            record.headers,
            record.key,
            record.value,
            None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    # -- positions

    async def seek_to_committed(self) -> dict[TP, int | None]:
        committed = self.transport.log.committed(self.app.conf.id)
        self._position = {tp: committed.get(Partition(*tp), 0) for tp in self._assigned}
        return dict(self._position)

    async def _seek(self, partition: TP, offset: int) -> None:
        self._position[partition] = offset

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        for tp, offset in partitions.items():
            await self.seek(tp, offset)

    async def position(self, tp: TP) -> int | None:
        return self._position.get(tp)

    async def earliest_offsets(self, *partitions: TP) -> dict[TP, int]:
        return {tp: self.transport.log.first(Partition(*tp)) for tp in partitions}

    async def highwaters(self, *partitions: TP) -> dict[TP, int]:
        return {tp: self.highwater(tp) for tp in partitions}

    def highwater(self, tp: TP) -> int:
        return self.transport.log.end(Partition(*tp))

    def topic_partitions(self, topic: str) -> int | None:
        return len(self.transport.log.partitions(topic)) or None

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        return self.app.producer.key_partition(topic, key).partition if partition is None else partition

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    async def create_topic(self, *args: Any, **kwargs: Any) -> None:
        await self.app.producer.create_topic(*args, **kwargs)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        try:
            await self.transport.writer.commit(self.app.conf.id, {Partition(*tp): at for tp, at in offsets.items()})
        except Stop:  # the writer has told the app, which ends; the events are delivered again after that
            return False
        return True


class Transport(base.Transport):  # type: ignore[misc]
    """Owns the log between `open` and `close`."""

    app: Any
    Consumer = Consumer
    Producer = Producer
    default_port = 0
    driver_version = f"sqlite={sqlite3.sqlite_version}"
    log: Log
    writer: Writer

    def open(self) -> None:
        """Take the directory. Raises DataInUse, CorruptData, DiskFull or Misuse."""
        url = self.url[0]
        if url.host or not url.path.startswith("/"):
            raise Misuse(
                f"{url}: an embedded log is named by an absolute directory, as in embedded:///var/lib/commitwire"
            )
        self.log = Log(Path(url.path))
        self.writer = Writer(self.log, self.app.changed, self.app.give_up)

    async def close(self) -> None:
        """Write what is queued, then give the directory up."""
        await self.writer.close()
        self.log.close()
