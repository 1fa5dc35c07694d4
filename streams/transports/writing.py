"""Putting records on topics, wherever they are, from a command line."""

from __future__ import annotations

from collections.abc import Sequence

from streams.transports.broker import EmbeddedBroker, parse
from streams.transports.log import Log
from streams.transports.record import NewRecord


def write(url: str, records: Sequence[NewRecord]) -> None:
    """Returns when they are durable; the broker chooses their partitions. Raises DataInUse, CorruptData or Stop."""
    broker = parse(url)
    if isinstance(broker, EmbeddedBroker):
        log = Log(broker.directory)
        try:
            for record in records:
                log.append(record.partition.topic, record.key, record.value, record.headers)
        finally:
            log.close()
    else:
        from streams.transports.kafka_writer import write as put  # the client takes a while to import

        put(broker, records)
