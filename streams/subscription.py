"""The reports that a subscriber has not had yet, on either broker, and its memory of how far it has come."""

from __future__ import annotations

import asyncio
from typing import Protocol, Self

from schemas.definition import NAME_PATTERN
from schemas.topics import REPORTS
from streams.config import Settings
from streams.transports import broker
from streams.transports.broker import NAMESPACE, EmbeddedBroker, KafkaBroker
from streams.transports.log import Log
from streams.transports.log_subscription import LogSubscription
from streams.transports.record import Partition, Record
from streams.visitor import owner

GROUP_PATTERN = NAME_PATTERN


class Subscription(Protocol):
    """Reads the topic of reports as a group of its own."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...

    async def next(self) -> Record | None:
        """The next record, or None when none came for a moment."""
        ...

    async def acknowledge(self, record: Record) -> None:
        """The group has had this record, and all before it in its partition. Raises Retry or DataInUse."""
        ...

    async def knows(self, partition: int) -> bool:
        """Whether the group has been in this partition before."""
        ...

    async def at_end(self) -> bool:
        """Whether everything was had that was there when `next` gave None."""
        ...


def subscription(settings: Settings, name: str) -> Subscription:
    """That of the subscriber `name`."""
    where = broker.parse(settings.broker_url)
    if isinstance(where, KafkaBroker):
        from streams.transports.kafka_subscription import KafkaSubscription  # the client takes a while to import

        return KafkaSubscription(where, REPORTS.name, group_of(name, where.namespace), settings.layout)
    return EmbeddedSubscription(settings, where, name)


def group_of(name: str, namespace: str = NAMESPACE) -> str:
    """The group of consumers of a subscriber."""
    return f"{namespace}.subscriber.{name}"


class EmbeddedSubscription:
    """Reads the log whoever owns it. The place of the group stands in the log: its owner is asked to note it there;
    without one the log is owned for a moment."""

    def __init__(self, settings: Settings, where: EmbeddedBroker, name: str) -> None:
        self._settings, self._directory, self._name = settings, where.directory, name

    async def __aenter__(self) -> Self:
        """Raises Misuse when there is no log yet."""
        self._log = LogSubscription(self._directory, REPORTS.name, group_of(self._name))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._log.close()

    async def next(self) -> Record | None:
        return self._log.next()

    async def acknowledge(self, record: Record) -> None:
        async with owner(self._settings) as found:
            if found is not None:
                await found.acknowledge(self._name, record.partition, record.offset + 1)
            else:
                await asyncio.to_thread(self._note, record)

    async def knows(self, partition: int) -> bool:
        return partition in self._log.known

    async def at_end(self) -> bool:
        return True

    def _note(self, record: Record) -> None:
        log = Log(self._directory)
        try:
            place = Partition(record.topic, record.partition)
            log.write([], {place: record.offset + 1}, group_of(self._name))
        finally:
            log.close()
