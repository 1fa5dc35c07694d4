"""Topics, and records in and out of them, for tests of brokers."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

SECONDS = 60


async def new_topic(bootstrap: str, *, partitions: int = 1, copies: int = 1, **access: Any) -> str:
    """A topic that nothing else uses. `access` are options of an aiokafka client."""
    name = f"test-{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **access)
    try:
        await admin.start()
        answer = await admin.create_topics([NewTopic(name, partitions, copies)])
        assert not any(code for _, code, *_ in answer.topic_errors), answer
    finally:
        await admin.close()
    return name


async def produce(bootstrap: str, topic: str, values: Iterable[bytes], **access: Any) -> None:
    """Send `values`; when this returns all of them are acknowledged by all copies."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", **access)
    try:
        await producer.start()
        for sent in [await producer.send(topic, value) for value in values]:
            await asyncio.wait_for(sent, SECONDS)
    finally:
        await producer.stop()


async def consume(bootstrap: str, topic: str, count: int, **access: Any) -> list[bytes]:
    """The first `count` records of `topic`, read by a new group. Raises TimeoutError when there are fewer."""
    access = {"group_id": f"group-of-{uuid.uuid4().hex}", "auto_offset_reset": "earliest", **access}
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, enable_auto_commit=False, **access)
    try:
        await consumer.start()
        return [(await asyncio.wait_for(anext(consumer), SECONDS)).value for _ in range(count)]
    finally:
        await consumer.stop()
