"""How far a broker's topics and their readers are, seen from outside: moments of faults are counts of events."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

Result = TypeVar("Result")
Place = tuple[str, TopicPartition]  # a group of consumers, and a partition that it reads
SECONDS = 60


class Span(NamedTuple):
    """What of a partition a group has not committed: from its position to the end."""

    at: int
    end: int


class Written(NamedTuple):
    """A record to write."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Watch:
    """Asks a broker about the topics of one namespace. Its calls block; use it as a context manager."""

    def __init__(self, bootstrap: str, namespace: str, reads: Mapping[str, tuple[str, ...]]) -> None:
        """`reads`: the topics of each group of consumers, both without the namespace."""
        self._bootstrap, self._namespace, self._reads = bootstrap, namespace, reads
        self._runner = asyncio.Runner()

    def __enter__(self) -> Watch:
        self._runner.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._close())
        self._runner.close()

    def said(self, *topics: str) -> int:
        """How many records are in these topics. Raises KafkaError while the broker is away."""
        ends = self._run(self._ends(topics))
        return sum(ends.values())

    def behind(self) -> dict[Place, Span]:
        """The partitions with records that their readers have not committed, and what these are."""
        return self._run(self._behind())

    def records(self, *topics: str) -> list[Any]:
        """Everything in these topics."""
        return self._run(self._records(topics))

    def members(self) -> set[int]:
        """How many consumers the groups have: one number when all have as many."""
        return self._run(self._members())

    def skip(self, topic: str) -> None:
        """Let the groups that read a topic go on at its end; none of them may have a member."""
        self._run(self._skip(topic))

    def letters(self) -> int:
        """How many dead letters there are, each counted once."""
        return len({dict(one.headers)["ce_id"] for one in self.records("dead-letters")})

    def put(self, topic: str, records: Sequence[Written]) -> None:
        """Write these to a topic, in this order."""
        self._run(self._put(f"{self._namespace}.{topic}", records))

    def grow(self, partitions: int) -> None:
        """Give every topic of the namespace more partitions."""
        self._run(self._grow(partitions))

    def allow(self, topic: str, size: int) -> None:
        """Let a topic take records of so many bytes."""
        place = ConfigResource(ConfigResourceType.TOPIC, f"{self._namespace}.{topic}", {"max.message.bytes": str(size)})
        self._run(self._admin.alter_configs([place]))

    def _run(self, asked: Coroutine[Any, Any, Result]) -> Result:
        return self._runner.run(asyncio.wait_for(asked, SECONDS))

    async def _open(self) -> None:
        self._consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, auto_offset_reset="earliest")
        self._admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await self._consumer.start()
        await self._admin.start()

    async def _close(self) -> None:
        await self._consumer.stop()
        await self._admin.close()

    async def _ends(self, topics: tuple[str, ...]) -> dict[TopicPartition, int]:
        described = await self._admin.describe_topics([f"{self._namespace}.{topic}" for topic in topics])
        places = [TopicPartition(one["topic"], each["partition"]) for one in described for each in one["partitions"]]
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(places) if places else {}
        return ends

    async def _behind(self) -> dict[Place, Span]:
        found: dict[Place, Span] = {}
        for group, topics in self._reads.items():
            ends = await self._ends(topics)
            committed = await self._admin.list_consumer_group_offsets(f"{self._namespace}.{group}")
            at = {place: max(0, committed[place].offset) if place in committed else 0 for place in ends}
            found |= {(group, place): Span(at[place], end) for place, end in ends.items() if at[place] < end}
        return found

    async def _members(self) -> set[int]:
        return {await self._members_of(f"{self._namespace}.{group}") for group in self._reads}

    async def _members_of(self, group: str) -> int:
        (answer,) = await self._admin.describe_consumer_groups([group])  # of an answer about two it reads one only
        (described,) = answer.to_object()["groups"]
        return len(described["members"])

    async def _skip(self, topic: str) -> None:
        ends = await self._ends((topic,))
        for group in [f"{self._namespace}.{group}" for group, topics in self._reads.items() if topic in topics]:
            reader = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, group_id=group, enable_auto_commit=False)
            async with reader:
                reader.assign(list(ends))
                await reader.commit(ends)

    async def _records(self, topics: tuple[str, ...]) -> list[Any]:
        left = {place: end for place, end in (await self._ends(topics)).items() if end}
        if not left:
            return []
        self._consumer.assign(list(left))
        await self._consumer.seek_to_beginning()
        found: list[Any] = []
        while left:
            for place, records in (await self._consumer.getmany(timeout_ms=1000)).items():
                found += records
                if records[-1].offset + 1 >= left.get(place, 0):
                    left.pop(place, None)
        self._consumer.unsubscribe()
        return found

    async def _put(self, topic: str, records: Sequence[Written]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, acks="all", max_request_size=2**26)
        async with producer:
            for sent in [await producer.send(topic, one.value, one.key, headers=one.headers) for one in records]:
                await sent

    async def _grow(self, partitions: int) -> None:
        names = [name for name in await self._admin.list_topics() if name.startswith(f"{self._namespace}.")]
        await self._admin.create_partitions({name: NewPartitions(partitions) for name in names})


AWAY = (KafkaError, TimeoutError, OSError)
