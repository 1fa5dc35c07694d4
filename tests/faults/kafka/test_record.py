"""What the record takes for a recovery."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.faults.kafka.organisation import Organisation
from tests.faults.kafka.record import Record
from tests.faults.kafka.sight import Sight
from tests.faults.kafka.watch import Written
from tests.gitrepo import GitRepo
from tests.servers.clickhouse import ClickHouse
from tests.servers.kafka import Kafka

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

SECONDS = 2


def test_what_moves_before_the_fault_strikes_is_no_recovery(
    kafka: Kafka, clickhouse: ClickHouse, repo: GitRepo, tmp_path: Path
) -> None:
    with Organisation(tmp_path / "home", kafka, clickhouse, repo) as made, ThreadPoolExecutor() as pool:
        topic, group = f"{made.named}.reports", f"{made.named}.deliveries"
        asyncio.run(_make(kafka, topic))
        made.watch.put("reports", [Written(None, b"1", ())] * 9)

        def move(to: int, seconds: float = 0) -> None:
            sleep(seconds)
            asyncio.run(_commit(kafka, group, TopicPartition(topic, 0), to))

        move(1)
        record = Record(made, [Sight(Counter(), frozenset())], flight=0)
        with record.strike("nobody reads"):
            move(2)
            moving = pool.submit(move, 3, SECONDS)
        moving.result()
        (took,) = record.seconds["nobody reads"]
        assert SECONDS / 2 < took < 60


async def _make(kafka: Kafka, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1)])
    finally:
        await admin.close()


async def _commit(kafka: Kafka, group: str, place: TopicPartition, to: int) -> None:
    async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, group_id=group, enable_auto_commit=False) as reader:
        reader.assign([place])
        await reader.commit({place: to})
