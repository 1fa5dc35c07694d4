"""Faust's aiokafka driver, made to lose nothing: `kafka://host:9092`.

- What is finished and contiguous is committed (OrderlyConsumer); a commit that fails is tried again with the next.
- Producers wait for all replicas and are idempotent; an error that may pass is Retry, any other Stop.
- Records are fetched as long as their partition has room: a slow stage holds up its partitions only.
- Where a partition ends is asked for now and then: what is not fetched does not tell, and lag would stand still.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiokafka
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
)
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode import Service

from schemas.errors import Retry, Stop
from schemas.topics import COMMITS
from streams.transports.broker import LARGEST_RECORD, KafkaBroker
from streams.transports.orderly import OrderlyConsumer, OrderlyFetcher

UNFINISHED_RECORDS = 250  # per partition: its fetching pauses above either limit
UNFINISHED_BYTES = 4 * 2**20
FETCH_WAIT_MS = 200  # the broker holds an empty answer back for so long
FULL_SECONDS = 0.02  # while a partition is full: how soon it is looked at again
ENDS_SECONDS = 15.0  # between two questions where the partitions end
ENDS_LIMIT = 3.0  # seconds for the answer
LOOK_SECONDS = 0.1  # between two looks for a topic that was just made
# The client logs as errors what it then tries again by itself; what is final reaches us as an exception.
for chatty in ("aiokafka.cluster", "aiokafka.consumer.group_coordinator", "aiokafka.producer.sender"):
    logging.getLogger(chatty).setLevel(logging.CRITICAL)
_log = logging.getLogger(__name__)


class FetchThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """The consumer's own thread: its heartbeats go on while a stage computes."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # the driver has 1500 ms in its code
        return consumer

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Brokers learn of a new topic one after the other, and whoever leads a group assigns what it knows: a topic
        that it misses would be read by nobody until the next look at the metadata."""
        wanted = set(topics)
        while not self.should_stop:
            if await self.call_thread(self._knows, wanted):
                await super().subscribe(wanted)
                return
            await self.consumer.sleep(LOOK_SECONDS)

    async def _knows(self, topics: set[str]) -> bool:
        client = self._ensure_consumer()._client
        client.set_topics(topics)
        await client.force_metadata_update()
        return all(client.cluster.partitions_for_topic(topic) for topic in topics)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Where each partition goes on; where nothing was committed, the client would stay at what it has read.

        Raises Retry when that cannot be told now.
        """
        try:
            return dict(await self.call_thread(self._rewind))
        except KafkaError as error:
            if error.retriable or isinstance(error, IllegalStateError):  # a partition was taken away meanwhile
                raise Retry(repr(error)) from error
            raise

    async def _rewind(self) -> dict[Any, int]:
        consumer: aiokafka.AIOKafkaConsumer = self._ensure_consumer()
        if not consumer.assignment():
            return {}
        committed: dict[Any, int] = await consumer.seek_to_committed()
        fresh = [tp for tp, offset in committed.items() if not offset]
        begins: dict[Any, int] = await consumer.beginning_offsets(fresh)
        for tp, begin in begins.items():
            consumer.seek(tp, begin)
        return committed | begins

    async def ends(self, partitions: Iterable[TP]) -> Mapping[TP, int]:
        """The offset one past the last record of each, fetched or not. Raises KafkaError, or TimeoutError."""
        return dict(await self.call_thread(self._ends, list(partitions)))

    async def _ends(self, partitions: list[TP]) -> Any:
        async with asyncio.timeout(ENDS_LIMIT):
            return await self._ensure_consumer().end_offsets(partitions)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Stock Faust ends the app when a broker is away for a moment. Nothing is lost by committing later."""
        consumer: aiokafka.AIOKafkaConsumer = self._ensure_consumer()
        assigned = consumer.assignment()
        places = {aiokafka.TopicPartition(*tp): at for tp, at in offsets.items() if tp in assigned}
        try:
            await consumer.commit(places)
        except CommitFailedError:
            return False  # the partitions have another owner by now
        except KafkaError as error:
            _log.warning("positions were not committed (%r); they will be with the next ones", error)
            return False
        return True

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Stock Faust complains about every partition without traffic."""


class Consumer(OrderlyConsumer, driver.Consumer):  # type: ignore[misc]
    """A member of the group of a stage."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._ends: Mapping[TP, int] = {}
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> FetchThread:
        return FetchThread(self, loop=self.loop, beacon=self.beacon)

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Without topics there is nothing to join: an app that only sends is assigned nothing."""
        if wanted := set(topics):
            await super().subscribe(wanted)
        else:
            self.add_future(self._assign_nothing())

    async def _assign_nothing(self) -> None:
        self.app.on_rebalance_start()
        self.app.consumer_generation_id = 1
        await self.on_partitions_assigned(set(), 1)

    async def _fetch(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        turn = self.changed.turn()
        assigned = self.assignment() if active_partitions is None else active_partitions
        roomy = {tp for tp in assigned if self._has_room(tp)}
        if not roomy:
            await self.changed.wait(turn, timeout)
            return {}
        return await super()._fetch(roomy, timeout if roomy == assigned else FULL_SECONDS)

    def _has_room(self, tp: TP) -> bool:
        offsets = self.offsets.get(tp)
        return offsets is not None and offsets.records < UNFINISHED_RECORDS and offsets.bytes < UNFINISHED_BYTES

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        message = super()._to_message(tp, record)
        message.topic = self.app.plain(record.topic)
        return message

    @Service.task  # type: ignore[untyped-decorator]
    async def _ask_for_ends(self) -> None:
        while not self.should_stop:
            await self.sleep(ENDS_SECONDS)
            if self.offsets and not self.should_stop:
                await self._learn_ends()

    async def _learn_ends(self) -> None:
        try:
            self._ends = await self._thread.ends(self.offsets)
        except (KafkaError, TimeoutError) as error:
            _log.debug("where the partitions end was not told: %r; it is asked again", error)

    def highwater(self, tp: TP) -> int:
        """One past the last record, as far as the broker told; 0 before that."""
        asked = self._ends.get(tp, 0) if tp in self.offsets else 0  # else nobody knows how far it was read
        return max(asked, self._fetched(tp))

    def _fetched(self, tp: TP) -> int:
        """As far as an answer to a fetch told."""
        try:
            return super().highwater(tp) or 0
        except KafkaError:  # the partition was taken away in between
            return 0


class Producer(driver.Producer):  # type: ignore[misc]
    """What `send` returns is done once all replicas in sync have the record; its error is Retry or Stop.

    A client whose numbering the broker does not follow any more would be refused for ever: another takes its place.
    """

    _producer: Any

    async def on_start(self) -> None:
        self._replacing = asyncio.Lock()
        await super().on_start()

    def _settings_extra(self) -> Mapping[str, Any]:
        broker: KafkaBroker = self.app.broker
        return {"acks": "all", "enable_idempotence": broker.idempotent, "max_request_size": LARGEST_RECORD}

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
    ) -> asyncio.Future[Any]:
        place, client = self.app.named(topic), self._ensure_producer()
        with _failures(topic):
            sent = await client.send(place, value, key=key, partition=partition, headers=headers)
        return asyncio.ensure_future(self._told(sent, topic, client))

    async def ask(self) -> None:
        """A small question to any node of the cluster. Raises Retry when none answers."""
        topic = self.app.named(COMMITS.name)
        if not await self._ensure_producer().client._metadata_update(ClusterMetadata(), [topic]):
            raise Retry(f"{self.app.broker.place} does not answer; check the broker")

    async def _told(self, sent: asyncio.Future[Any], topic: str, client: Any) -> Any:
        with _failures(topic):
            try:
                return await sent
            except OutOfOrderSequenceNumber:
                await self._replace(client)
                raise

    async def _replace(self, client: Any) -> None:
        async with self._replacing:
            if self._producer is not client:
                return
            successor = self._new_producer()
            await successor.start()
            if self._producer is client:
                self._producer, successor = successor, client
            self.add_future(successor.stop())  # what it has still to send may end with ProducerClosed


@contextmanager
def _failures(topic: str) -> Iterator[None]:
    """Errors of the client become ours."""
    try:
        yield
    except (KafkaConnectionError, KafkaTimeoutError, OutOfOrderSequenceNumber, ProducerClosed) as error:
        raise Retry(f"{topic} took no record: {error!r}") from error
    except KafkaError as error:
        kind = Retry if error.retriable else Stop
        raise kind(f"{topic} took no record: {error!r}; check the broker") from error


class Transport(driver.Transport):  # type: ignore[misc]
    """Connections are opened by Faust's services; there is nothing to own."""

    Consumer = Consumer
    Fetcher = OrderlyFetcher
    Producer = Producer

    def open(self) -> None: ...

    async def close(self) -> None: ...
