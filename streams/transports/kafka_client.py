"""What all clients of a Kafka cluster have in common: how they connect, and what a record is."""

from __future__ import annotations

import ssl
from typing import Any

from faust import SASLCredentials, SSLCredentials
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from schemas.errors import Misuse
from streams.transports.broker import KafkaBroker
from streams.transports.record import Record


def connection(broker: KafkaBroker) -> dict[str, Any]:
    """What a client of aiokafka wants to be told. Raises Misuse."""
    return {"bootstrap_servers": list(broker.servers), **credentials_to_aiokafka_auth(credentials(broker))}


def record_of(broker: KafkaBroker, record: Any) -> Record:
    """Of what aiokafka read."""
    return Record(
        broker.plain(record.topic),
        record.partition,
        record.offset,
        record.timestamp / 1000,
        record.key,
        record.value,
        dict(record.headers),
    )


def credentials(broker: KafkaBroker) -> Any:
    """What Faust wants to be told of users and TLS; None for a broker that asks for neither. Raises Misuse."""
    context = _trusting(broker) if broker.tls else None
    if broker.user:
        return SASLCredentials(
            username=broker.user, password=broker.password, mechanism=broker.mechanism, ssl_context=context
        )
    return SSLCredentials(context=context) if context else None


def _trusting(broker: KafkaBroker) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=broker.ca)
    except (OSError, ssl.SSLError) as error:
        raise Misuse(f"{broker.ca} is no certificate of an authority: {error}") from error
