"""The brokers keep what they say: the tests that use them rely on it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.helpers import create_ssl_context

from tests.servers.brokers import Broker
from tests.servers.kafka import Kafka
from tests.servers.kafka_node import SCRAM
from tests.servers.records import consume, new_topic, produce

HUNDRED = [b"%d" % number for number in range(100)]


def test_records_come_out_as_they_went_in(broker: Broker) -> None:
    async def through() -> list[bytes]:
        topic = await new_topic(broker.bootstrap)
        await produce(broker.bootstrap, topic, HUNDRED, enable_idempotence=broker.idempotent)
        return await consume(broker.bootstrap, topic, len(HUNDRED))

    assert asyncio.run(through()) == HUNDRED


@pytest.mark.faults
def test_what_was_acknowledged_outlives_kill_9(kafka: Kafka) -> None:
    async def through() -> list[bytes]:
        topic = await new_topic(kafka.bootstrap)
        await produce(kafka.bootstrap, topic, HUNDRED)
        before = kafka.pid()
        kafka.kill()
        await asyncio.to_thread(kafka.start)
        assert kafka.pid() != before
        return await consume(kafka.bootstrap, topic, len(HUNDRED))

    assert asyncio.run(through()) == HUNDRED


@pytest.mark.faults
def test_three_brokers_survive_the_loss_of_one(kafka_cluster: Kafka) -> None:
    bootstrap = kafka_cluster.bootstrap

    async def through(lost: int) -> list[bytes]:
        topic = await new_topic(bootstrap, partitions=3, copies=3)
        await produce(bootstrap, topic, HUNDRED)
        kafka_cluster.kill(lost)
        await produce(bootstrap, topic, HUNDRED)
        found = await consume(bootstrap, topic, 2 * len(HUNDRED))
        await asyncio.to_thread(kafka_cluster.start, lost)
        return found

    for lost in (1, 2, 3):
        assert sorted(asyncio.run(through(lost))) == sorted(2 * HUNDRED)


def test_a_paused_broker_answers_again(broker: Broker) -> None:
    async def through() -> list[bytes]:
        topic = await new_topic(broker.bootstrap)
        broker.pause()
        sending = asyncio.create_task(produce(broker.bootstrap, topic, HUNDRED))
        await asyncio.wait([sending], timeout=0.5)
        assert not sending.done()
        broker.resume()
        await sending
        return await consume(broker.bootstrap, topic, len(HUNDRED))

    assert asyncio.run(through()) == HUNDRED


def test_users_and_limits_are_as_asked_for(apache_kafka: None, tmp_path: Path) -> None:
    users, limits = {"app": "secret"}, {"message.max.bytes": "100000"}
    with Kafka(tmp_path / "kafka", overrides=limits, users=users) as kafka:
        for mechanism in ("PLAIN", *SCRAM):
            asyncio.run(_only_with_the_password(kafka.sasl, "SASL_PLAINTEXT", mechanism))
            trust = create_ssl_context(cafile=str(kafka.certificate))
            asyncio.run(_only_with_the_password(kafka.tls, "SASL_SSL", mechanism, ssl_context=trust))
        with pytest.raises(MessageSizeTooLargeError):
            asyncio.run(_send(kafka.bootstrap, bytes(200_000)))


async def _only_with_the_password(bootstrap: str, protocol: str, mechanism: str, **trust: Any) -> None:
    access = {**trust, "security_protocol": protocol, "sasl_mechanism": mechanism, "sasl_plain_username": "app"}
    right = {**access, "sasl_plain_password": "secret"}
    topic = await new_topic(bootstrap, **right)
    with pytest.raises(KafkaError):
        await produce(bootstrap, topic, HUNDRED, **access, sasl_plain_password="wrong")
    await produce(bootstrap, topic, HUNDRED, **right)
    assert await consume(bootstrap, topic, len(HUNDRED), **right) == HUNDRED


async def _send(bootstrap: str, value: bytes) -> None:
    await produce(bootstrap, await new_topic(bootstrap), [value])


def test_a_server_ends_with_the_process_that_started_it() -> None:
    """Nothing is left of it that would hold the pipe of its output open, although its starter had no time to act."""
    starter = (
        "from pathlib import Path; from tests.servers.process import ServerProcess as Server; import sys, time\n"
        "Server(['sleep', '600'], Path('/dev/stdout')).start(); print('started', flush=True); time.sleep(600)"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", starter], cwd=root, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        process.kill()
        assert process.communicate(timeout=60)[0] == b""
