"""Reading the topics of a Kafka cluster without being a member of a group: for command lines."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Coroutine, Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import aiokafka
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from schemas.errors import Misuse, Stop
from streams.transports.broker import LARGEST_RECORD, KafkaBroker
from streams.transports.kafka_client import connection, record_of
from streams.transports.record import Record, TopicSummary

PAGE_MS = 10_000  # the longest that a page of records that are there may take
Result = TypeVar("Result")


class KafkaReader:
    """What stands in the topics of a namespace. Raises Stop when the cluster cannot be read."""

    def __init__(self, broker: KafkaBroker) -> None:
        self._broker = broker
        self._loop = asyncio.new_event_loop()
        try:
            self._run(self._start())
        except BaseException:
            self._loop.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._run(self._stop())
        self._loop.close()

    def topics(self) -> list[TopicSummary]:
        """Ours, by name. Of compacted ones the count of records includes those that are gone."""
        ours = [name for name in self._run(self._admin.list_topics()) if name.startswith(f"{self._broker.namespace}.")]
        return [self._summary(name) for name in sorted(ours)]

    def records(self, topic: str, last: int | None = None) -> Iterator[Record]:
        """The records that a topic holds now, oldest first: all, or the `last` n. Raises Misuse for no such topic."""
        spans = self._spans(self._broker.named(topic))
        if not spans:
            known = ", ".join(summary.name for summary in self.topics()) or "none"
            raise Misuse(f"{self._broker.place} has no topic {topic!r}; it has {known}")
        starts = {place: max(first, end - last) if last is not None else first for place, (first, end) in spans.items()}
        merged = heapq.merge(
            *(self._partition(place, starts[place], end) for place, (_, end) in spans.items()),
            key=lambda record: record.timestamp,
        )
        return merged if last is None else iter(list(merged)[-last:] if last else [])

    async def _start(self) -> None:
        connected = connection(self._broker)
        self._admin = AIOKafkaAdminClient(**connected)
        self._consumer = aiokafka.AIOKafkaConsumer(
            enable_auto_commit=False, max_partition_fetch_bytes=LARGEST_RECORD, **connected
        )
        try:
            await self._admin.start()
            await self._consumer.start()
        except BaseException:
            await self._stop()
            raise

    async def _stop(self) -> None:
        await self._consumer.stop()
        await self._admin.close()

    def _summary(self, name: str) -> TopicSummary:
        spans = self._spans(name).values()
        first, end = (sum(column) for column in zip(*spans, strict=True))
        return TopicSummary(self._broker.plain(name), len(spans), first, end, end - first)

    def _spans(self, name: str) -> dict[aiokafka.TopicPartition, tuple[int, int]]:
        """First offset and the one past the last of each partition."""
        if name not in self._run(self._admin.list_topics()):
            return {}
        (described,) = self._run(self._admin.describe_topics([name]))
        places = [aiokafka.TopicPartition(name, partition["partition"]) for partition in described["partitions"]]
        firsts = self._run(self._consumer.beginning_offsets(places))
        ends = self._run(self._consumer.end_offsets(places))
        return {place: (firsts[place], ends[place]) for place in sorted(places)}

    def _partition(self, place: aiokafka.TopicPartition, start: int, end: int) -> Iterator[Record]:
        while start < end:
            page = self._run(self._page(place, start))
            if not page:
                return  # what stood before the end was compacted away
            for record in page:
                if record.offset < end:
                    yield record_of(self._broker, record)
            start = page[-1].offset + 1

    async def _page(self, place: aiokafka.TopicPartition, start: int) -> Sequence[Any]:
        self._consumer.assign([place])
        self._consumer.seek(place, start)
        found = await self._consumer.getmany(place, timeout_ms=PAGE_MS, max_records=200)
        records: Sequence[Any] = found.get(place, ())
        return records

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        try:
            return self._loop.run_until_complete(work)
        except (KafkaError, OSError) as error:
            raise Stop(f"{self._broker.place} cannot be read: {error}; check the broker") from error
