"""A subscriber as a member of a group of its own on a Kafka cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import aiokafka
from aiokafka.errors import KafkaError
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from schemas.errors import Retry, Stop
from streams.transports.broker import LARGEST_RECORD, KafkaBroker
from streams.transports.kafka import credentials
from streams.transports.record import Record

FETCH_MS = 500  # for a record, when none is there
BETWEEN_MS = 24 * 3600 * 1000  # from one record to the next: what is done with one may be tried again for long


class KafkaSubscription:
    """The records that `group` has not had yet of a topic of schemas.topics. Members of one group share them."""

    def __init__(self, broker: KafkaBroker, topic: str, group: str, session_seconds: float) -> None:
        self._broker = broker
        self._consumer = aiokafka.AIOKafkaConsumer(
            broker.named(topic),
            bootstrap_servers=list(broker.servers),
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=LARGEST_RECORD,
            session_timeout_ms=int(session_seconds * 1000),
            heartbeat_interval_ms=int(min(3.0, session_seconds / 3) * 1000),
            max_poll_interval_ms=BETWEEN_MS,
            **credentials_to_aiokafka_auth(credentials(broker)),
        )

    async def __aenter__(self) -> Self:
        try:
            await self._consumer.start()
        except (KafkaError, OSError) as error:
            await self._consumer.stop()
            raise Stop(f"{', '.join(self._broker.servers)} cannot be read: {error}; check the broker") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def next(self) -> Record | None:
        """The next record, or None when none came for a moment."""
        with self._failures():
            found = await self._consumer.getmany(timeout_ms=FETCH_MS, max_records=1)
        return next((self._record(record) for records in found.values() for record in records), None)

    async def acknowledge(self, record: Record) -> None:
        """The group has had this record, and all before it in its partition. Raises Retry."""
        with self._failures():
            await self._consumer.commit({self._place(record.partition): record.offset + 1})

    async def knows(self, partition: int) -> bool:
        """Whether the group has been in this partition before."""
        with self._failures():
            return await self._consumer.committed(self._place(partition)) is not None

    async def at_end(self) -> bool:
        """Whether everything was had of the partitions that are read here."""
        with self._failures():
            assigned = self._consumer.assignment()
            ends = await self._consumer.end_offsets(list(assigned))
            return bool(assigned) and all([await self._consumer.position(place) >= ends[place] for place in assigned])

    def _place(self, partition: int) -> Any:
        (topic,) = self._consumer.subscription()
        return aiokafka.TopicPartition(topic, partition)

    def _record(self, record: Any) -> Record:
        return Record(
            self._broker.plain(record.topic),
            record.partition,
            record.offset,
            record.timestamp / 1000,
            record.key,
            record.value,
            dict(record.headers),
        )

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except KafkaError as error:
            raise Retry(f"{', '.join(self._broker.servers)} did not answer: {error!r}; check the broker") from error
