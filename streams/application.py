"""The Faust app: made from a broker's URL, carrying raw bytes, without what Faust would do to a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import faust
from faust.serializers.schemas import Schema
from faust.tables.manager import TableManager

from schemas.errors import Stop
from schemas.topics import TOPICS, Topic
from streams.transports.batches import BatchStream
from streams.transports.notice import Notice

CONSUMERS = "commitwire"  # the name of the group of consumers
COMMIT_SECONDS = 0.1  # what is finished is committed this often: a crash repeats little
STOP_SECONDS = 10.0


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
    """`changed` tells when anything moves; `give_up` is called with what makes going on impossible."""

    def __init__(self, url: str, *, give_up: Callable[[Stop], None]) -> None:
        self.changed = Notice()
        self.give_up = give_up
        self.stop_seconds = STOP_SECONDS
        super().__init__(
            CONSUMERS,
            broker=url,
            autodiscover=False,
            broker_commit_interval=COMMIT_SECONDS,
            processing_guarantee="at_least_once",
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
        return self.topic(*(topic.name for topic in topics), schema=RawBytes())

    async def on_start(self) -> None:
        await super().on_start()
        for topic in TOPICS:
            await self._declare(topic)

    async def _declare(self, topic: Topic) -> None:
        kept: Any = {"retention": topic.retention, "compacting": topic.compacted, "deleting": not topic.compacted}
        await self.topic(topic.name, schema=RawBytes(), internal=True, **kept).maybe_declare()

    def _create_directories(self) -> None:
        """Faust would make a directory for tables in the working directory."""
