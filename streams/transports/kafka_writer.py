"""Putting records on topics of a Kafka cluster, from a command line."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiokafka
from aiokafka.errors import KafkaError

from schemas.errors import Stop
from streams.transports.broker import LARGEST_RECORD, KafkaBroker
from streams.transports.kafka_client import connection
from streams.transports.record import NewRecord


def write(broker: KafkaBroker, records: Sequence[NewRecord]) -> None:
    """Returns when all replicas have them. Raises Stop when the cluster does not take them."""
    try:
        asyncio.run(_write(broker, records))
    except (KafkaError, OSError) as error:
        raise Stop(f"{broker.place} took no records: {error}; check the broker") from error


async def _write(broker: KafkaBroker, records: Sequence[NewRecord]) -> None:
    producer = aiokafka.AIOKafkaProducer(
        acks="all",
        enable_idempotence=broker.idempotent,
        max_request_size=LARGEST_RECORD,
        **connection(broker),
    )
    try:
        await producer.start()
        for record in records:
            topic = broker.named(record.partition.topic)
            headers = list(record.headers.items())
            await producer.send_and_wait(topic, record.value, key=record.key, headers=headers)
    finally:
        await producer.stop()
