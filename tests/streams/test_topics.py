"""The topics that are made on a cluster are what the table and the configuration say."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from schemas.topics import TOPICS
from streams.clock import SystemClock
from streams.flow import Flow
from streams.transports.broker import LARGEST_RECORD, Layout, parse
from tests.servers.brokers import new_namespace
from tests.servers.kafka import Kafka

LAYOUT = Layout(partitions=4, replication=3)


def test_topics_are_made_as_declared(kafka_cluster: Kafka) -> None:
    url = new_namespace(kafka_cluster)
    broker = parse(url)

    async def made() -> dict[str, dict[str, Any]]:
        flow = Flow(url, SystemClock(), [], layout=LAYOUT)
        await flow.start()
        await flow.stop()
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka_cluster.bootstrap)
        await admin.start()
        try:
            return {topic.name: await told(admin, broker.named(topic.name)) for topic in TOPICS}
        finally:
            await admin.close()

    found = asyncio.run(made())
    for topic in TOPICS:
        milliseconds = -1 if topic.retention is None else int(topic.retention.total_seconds() * 1000)
        expected = {
            "partitions": LAYOUT.partitions,
            "replication": LAYOUT.replication,
            "cleanup.policy": "compact" if topic.compacted else "delete",
            "max.message.bytes": str(LARGEST_RECORD),
            "min.insync.replicas": "2",
        }
        if not topic.compacted:
            expected["retention.ms"] = str(milliseconds)
        assert {name: found[topic.name][name] for name in expected} == expected, topic.name


async def told(admin: AIOKafkaAdminClient, name: str) -> dict[str, Any]:
    """What the cluster says of a topic."""
    partitions: list[dict[str, Any]] = []
    while len(partitions) < LAYOUT.partitions:  # brokers learn of a topic one after the other
        [described] = await admin.describe_topics([name])
        partitions = described["partitions"]
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    [(_, _, _, _, entries)] = answer.resources
    copies = {len(partition["replicas"]) for partition in partitions}
    return {entry[0]: entry[1] for entry in entries} | {"partitions": len(partitions), "replication": copies.pop()}
