"""Fixtures: brokers that the tests of a worker share. This module is a plugin (tests/conftest.py).

A test that shares a broker uses topics and groups of its own; one that kills it may, the next finds it running again.
Topics of another size, other properties, or a cluster to take apart: `with Kafka(tmp_path, ...)`, with `apache_kafka`.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Protocol

import pytest

from tests.servers.fetch import kafka_jars, place
from tests.servers.java import java
from tests.servers.kafka import Kafka
from tests.servers.tansu import Tansu
from tests.servers.unavailable import Unavailable, ask_for, skip_or_fail

# Where Apache Kafka was fetched, the quick suite leaves the broker in memory to the long one.
TANSU = pytest.param("tansu", marks=[pytest.mark.faults] if place().exists() else [])

# For tests that read a topic to its end.
KNOWS_ITS_ENDS = pytest.mark.skipif(
    os.environ.get("TEST_BACKEND") == "tansu", reason="tansu counts a batch as one record where it tells the end"
)


class Broker(Protocol):
    """What `Kafka` and `Tansu` have in common."""

    @property
    def durable(self) -> bool:
        """Whether it has its records again after `kill` and `start`."""

    @property
    def idempotent(self) -> bool:
        """Whether producers of aiokafka may be idempotent."""

    @property
    def bootstrap(self) -> str:
        """host:port of every node, with commas between; no credentials."""

    def start(self, *nodes: int) -> None: ...

    def kill(self, *nodes: int) -> None: ...

    def stop(self, *nodes: int) -> None: ...

    def pause(self, *nodes: int) -> None: ...

    def resume(self, *nodes: int) -> None: ...


def new_namespace(broker: Broker) -> str:
    """The URL of a broker, for topics and groups of a test's own."""
    return f"kafka://{broker.bootstrap}/test{uuid.uuid4().hex[:12]}?idempotent={broker.idempotent:d}"


@pytest.fixture(scope="session")
def apache_kafka() -> None:
    """For tests that make a `Kafka` of their own: they skip where there is no Java, and fail in CI."""
    try:
        java()
        ask_for(place())
        kafka_jars()
    except Unavailable as error:
        skip_or_fail(error)


@pytest.fixture(scope="session")
def _kafka(apache_kafka: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("kafka")) as kafka:
        yield kafka


@pytest.fixture(scope="session")
def _kafka_cluster(apache_kafka: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("cluster"), nodes=3) as kafka:
        yield kafka


@pytest.fixture(scope="session")
def _tansu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tansu]:
    with Tansu(tmp_path_factory.mktemp("tansu")) as tansu:
        yield tansu


@pytest.fixture
def kafka(_kafka: Kafka) -> Kafka:
    """Apache Kafka, one broker."""
    _wake(_kafka)
    return _kafka


@pytest.fixture
def kafka_cluster(_kafka_cluster: Kafka) -> Kafka:
    """Apache Kafka, three brokers."""
    _wake(_kafka_cluster)
    return _kafka_cluster


@pytest.fixture
def tansu(_tansu: Tansu) -> Tansu:
    """A broker in memory, on every machine."""
    _wake(_tansu)
    return _tansu


@pytest.fixture(params=[TANSU, "kafka"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Each of the two in turn."""
    found: Broker = request.getfixturevalue(request.param)
    return found


def _wake(broker: Broker) -> None:
    """Undo what the last test did to it."""
    broker.resume()
    broker.start()
