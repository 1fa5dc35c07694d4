"""The Faust app: made for a broker, carrying raw bytes, without what Faust would do to a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import faust
from faust.serializers.schemas import Schema
from faust.tables.manager import TableManager

from schemas.errors import Stop
from schemas.topics import TOPICS, Topic
from streams.transports.batches import BatchStream
from streams.transports.broker import (
    LARGEST_RECORD,
    ONE_PARTITION,
    EmbeddedBroker,
    KafkaBroker,
    Layout,
    parse,
)
from streams.transports.notice import Notice

COMMIT_SECONDS = 0.1  # what is finished is committed this often: a crash repeats little
STOP_SECONDS = 10.0
ENOUGH = 3  # copies of a topic: one may be lost, and a record is only there when two have it
ANSWER_SECONDS = 20.0  # for a broker to answer a producer, whose request is then sent again


class RawBytes(Schema):  # type: ignore[misc]
    """Hands records on as they are: our codec decodes them where a failure can become a dead letter."""

    def compile(self, app: Any, **kwargs: Any) -> Any:
        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return app.create_event(message.key, message.value, message.headers, message)

        return decode


class NoTables(TableManager):  # type: ignore[misc]
    """Starts at once: the stock one sleeps for a second, for tables, of which there are none."""

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()


class Application(faust.App):  # type: ignore[misc]
    """One group of consumers; `changed` tells when anything moves, `give_up` is called with what makes going on
    impossible. `joined` is set while the broker has said which partitions are read here: it is cleared when a session
    has passed since they were taken away."""

    def __init__(
        self,
        url: str,
        *,
        give_up: Callable[[Stop], None],
        changed: Notice | None = None,
        stages: str = "",
        layout: Layout = ONE_PARTITION,
        member: str = "commitwire",
    ) -> None:
        self.changed = changed or Notice()
        self.give_up = give_up
        self.stop_seconds = STOP_SECONDS
        self.joined = asyncio.Event()
        self._leaving: asyncio.TimerHandle | None = None
        self.broker = parse(url)
        self._reads: set[str] = set()
        self._layout = layout
        namespace = self.broker.namespace
        super().__init__(
            f"{namespace}.{stages}" if stages else namespace,
            broker=_urls(url, self.broker),
            broker_credentials=_credentials(self.broker),
            autodiscover=False,
            broker_client_id=member,
            broker_commit_interval=COMMIT_SECONDS,
            broker_session_timeout=layout.session_seconds,
            broker_heartbeat_interval=layout.heartbeat_seconds,
            broker_request_timeout=max(30.0, layout.session_seconds),
            broker_max_poll_interval=3600.0,  # a stage may wait for its model or its store for long
            broker_max_poll_records=250,
            consumer_metadata_max_age_ms=30_000,
            processing_guarantee="at_least_once",
            producer_request_timeout=ANSWER_SECONDS,  # Faust waits for 20 minutes, and a stage with it
            store="memory://",
            stream_wait_empty=True,
            topic_disable_leader=True,
            topic_partitions=1,
            web_enabled=False,
            Stream=BatchStream,
            TableManager=NoTables,
        )

    def reading(self, topics: Iterable[Topic]) -> Any:
        """A Faust channel of raw records of one or more topics."""
        names = [self.named(topic.name) for topic in topics]
        self._reads.update(names)
        return self.topic(*names, schema=RawBytes())

    @property
    def is_alone(self) -> bool:
        """Whether all partitions of what it reads are read here."""
        counts = [self.consumer.topic_partitions(name) for name in self._reads]
        return all(counts) and len(self.assigned) >= sum(counts)  # None or 0: nobody has told of that topic yet

    @property
    def assigned(self) -> set[Any]:
        """The partitions that are read here."""
        return self.consumer.assignment() if self.joined.is_set() else set()

    def named(self, topic: str) -> str:
        """The name on the broker of a topic of schemas.topics."""
        return self.broker.named(topic)

    def plain(self, name: str) -> str:
        """The name in schemas.topics of a topic on the broker."""
        return self.broker.plain(name)

    async def on_start(self) -> None:
        await super().on_start()
        for topic in TOPICS:
            await self._declare(topic)

    async def _declare(self, topic: Topic) -> None:
        kept: Any = {"retention": topic.retention, "compacting": topic.compacted, "deleting": not topic.compacted}
        many = self._layout.partitions if isinstance(self.broker, KafkaBroker) else 1
        size: Any = {"partitions": many, "replicas": self._layout.replication}
        config = {"max.message.bytes": LARGEST_RECORD}
        if self._layout.replication >= ENOUGH:  # else what the brokers say: one copy fewer may be all that is left
            config["min.insync.replicas"] = ENOUGH - 1
        named = self.named(topic.name)
        await self.topic(named, schema=RawBytes(), internal=True, config=config, **kept, **size).maybe_declare()

    async def _on_partitions_revoked(self, revoked: set[Any]) -> None:
        """Mostly others come or go, and the group is complete again in a moment."""
        if self._leaving is None:
            loop = asyncio.get_running_loop()
            self._leaving = loop.call_later(self._layout.session_seconds, self.joined.clear)
        await super()._on_partitions_revoked(revoked)

    async def _on_partitions_assigned(self, assigned: set[Any], generation_id: int = 0) -> None:
        await super()._on_partitions_assigned(assigned, generation_id)
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        self.joined.set()

    def _new_transport(self) -> Any:
        return _transport(self.broker)(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> Any:
        return _transport(self.broker)(self.conf.broker_producer, self)

    def _create_directories(self) -> None:
        """Faust would make a directory for tables in the working directory."""


def _urls(url: str, broker: EmbeddedBroker | KafkaBroker) -> list[str]:
    return [f"kafka://{server}" for server in broker.servers] if isinstance(broker, KafkaBroker) else [url]


def _credentials(broker: EmbeddedBroker | KafkaBroker) -> Any:
    if not isinstance(broker, KafkaBroker):
        return None
    from streams.transports.kafka_client import credentials

    return credentials(broker)


def _transport(broker: EmbeddedBroker | KafkaBroker) -> Any:
    """Each is imported when it is needed: the client of Kafka takes a while."""
    if isinstance(broker, KafkaBroker):
        from streams.transports import kafka

        return kafka.Transport
    from streams.transports import embedded

    return embedded.Transport
