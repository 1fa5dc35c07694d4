"""Reading what stands in topics, wherever they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from streams.transports.broker import EmbeddedBroker, parse
from streams.transports.log_reader import LogReader
from streams.transports.record import Record, TopicSummary


class Reader(Protocol):
    """A look at topics that changes nothing, also not the position of a group."""

    def topics(self) -> list[TopicSummary]:
        """All topics by name."""
        ...

    def records(self, topic: str, last: int | None = None) -> Iterator[Record]:
        """The records of a topic, oldest first: all, or the `last` n. Raises Misuse when there is no such topic."""
        ...


def reader(url: str) -> AbstractContextManager[Reader]:
    """For the broker at a URL. Raises Misuse where no log was made yet, Stop where no broker answers."""
    broker = parse(url)
    if isinstance(broker, EmbeddedBroker):
        return LogReader(broker.directory)
    from streams.transports.kafka_reader import KafkaReader  # the client takes a while to import

    return KafkaReader(broker)
