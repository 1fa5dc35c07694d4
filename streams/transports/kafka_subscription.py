"""A subscriber as a member of a group of its own on a Kafka cluster."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import aiokafka
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    IllegalStateError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from schemas.errors import Misuse, Retry, Stop
from streams.transports.broker import LARGEST_RECORD, KafkaBroker, Layout
from streams.transports.kafka_client import connection, record_of
from streams.transports.record import Record

FETCH_MS = 500  # for a record, when none is there
BETWEEN_MS = 24 * 3600 * 1000  # from one record to the next: what is done with one may be tried again for long
_log = logging.getLogger(__name__)


class KafkaSubscription:
    """The records that `group` has not had yet of a topic of schemas.topics. Members of one group share them."""

    def __init__(self, broker: KafkaBroker, topic: str, group: str, layout: Layout) -> None:
        self._broker = broker
        self._topic = broker.named(topic)
        self._consumer = aiokafka.AIOKafkaConsumer(
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=LARGEST_RECORD,
            session_timeout_ms=int(layout.session_seconds * 1000),
            heartbeat_interval_ms=int(layout.heartbeat_seconds * 1000),
            max_poll_interval_ms=BETWEEN_MS,
            **connection(broker),
        )

    async def __aenter__(self) -> Self:
        """Raises Misuse when there is no such topic yet, Stop when the cluster cannot be read."""
        servers = self._broker.place
        try:
            await self._consumer.start()
            topics = await self._consumer.topics()
        except (KafkaError, OSError) as error:
            await self._consumer.stop()
            raise Stop(f"{servers} cannot be read: {error}; check the broker") from error
        if self._topic not in topics:
            await self._consumer.stop()
            raise Misuse(f"{servers} holds no topic {self._topic} yet that we may see; run a report or a worker first")
        self._consumer.subscribe([self._topic])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def next(self) -> Record | None:
        """The next record, or None when none came for a moment."""
        with self._failures():
            found = await self._consumer.getmany(timeout_ms=FETCH_MS, max_records=1)
        return next((record_of(self._broker, record) for records in found.values() for record in records), None)

    async def acknowledge(self, record: Record) -> None:
        """The group has had this record, and all before it in its partition. Raises Retry, also while the group shares
        its partitions out anew.

        What went to another member meanwhile is left to it: the record comes again there.
        """
        place, following = self._place(record.partition), record.offset + 1
        with self._failures():
            try:
                await self._consumer.commit({place: following})
                if await self._consumer.position(place) != following:
                    self._consumer.seek(
                        place, following
                    )  # a member that keeps a partition begins at what was committed
            except IllegalStateError:
                _log.warning("the record %s:%s has another reader by now", record.partition, record.offset)

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
        return aiokafka.TopicPartition(self._topic, partition)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (GroupAuthorizationFailedError, TopicAuthorizationFailedError) as error:
            raise Stop(f"{self._broker.place} refused: {error!r}; check the user's rights") from error
        except KafkaError as error:
            raise Retry(f"{self._broker.place} did not answer: {error!r}; check the broker") from error
