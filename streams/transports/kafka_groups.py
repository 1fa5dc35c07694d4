"""What the groups of consumers of a Kafka cluster have done, whoever is in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import aiokafka
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError, for_code

from schemas.errors import Retry, Stop
from streams.transports.broker import KafkaBroker
from streams.transports.kafka_client import connection

Ends = Mapping[Any, int]  # partition -> the offset of the record that comes next


class KafkaGroups:
    """Asks about groups of a namespace; `reads` are the topics of each, both as schemas.topics and stages name them.

    To be used within `async with`. Everything raises Retry while the cluster does not answer.
    """

    def __init__(self, broker: KafkaBroker, reads: Mapping[str, Collection[str]]) -> None:
        self._broker = broker
        self._reads = {
            f"{broker.namespace}.{group}": [broker.named(topic) for topic in topics] for group, topics in reads.items()
        }
        self._admin = AIOKafkaAdminClient(**connection(broker))
        self._consumer = aiokafka.AIOKafkaConsumer(enable_auto_commit=False, **connection(broker))

    async def __aenter__(self) -> Self:
        with self._failures():
            try:
                await self._admin.start()
                await self._consumer.start()
            except BaseException:
                await self.__aexit__()
                raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._admin.close()

    def topics(self, group: str) -> Collection[str]:
        """What a group reads."""
        return [self._broker.plain(topic) for topic in self._reads[f"{self._broker.namespace}.{group}"]]

    async def members(self) -> dict[str, set[str]]:
        """For each group, how those who read for it call themselves."""
        found: dict[str, set[str]] = {}
        with self._failures():
            for group in self._reads:
                # one at a time: aiokafka 0.14 cannot read an answer about several
                (answer,) = await self._admin.describe_consumer_groups([group])
                (described,) = answer.groups
                error, members = described[0], described[5]
                if error:
                    raise for_code(error)(group)
                found[group.removeprefix(f"{self._broker.namespace}.")] = {member[1] for member in members}
        return found

    async def ends(self) -> Ends:
        """Where every topic that is read ends now."""
        with self._failures():
            topics = sorted({topic for topics in self._reads.values() for topic in topics})
            described = await self._admin.describe_topics(topics)
            places = [
                aiokafka.TopicPartition(topic["topic"], partition["partition"])
                for topic in described
                for partition in topic["partitions"]
            ]
            ends: dict[Any, int] = await self._consumer.end_offsets(places)
            return ends

    async def unread(self, ends: Ends, groups: Collection[str]) -> dict[str, int]:
        """For each topic, how many records before these ends the slowest of the groups has not acknowledged; 0 left
        out."""
        unread: dict[str, int] = {}
        with self._failures():
            for group in (f"{self._broker.namespace}.{group}" for group in groups):
                topics = self._reads[group]
                places = [place for place in ends if place.topic in topics]
                said = await self._admin.list_consumer_group_offsets(group, partitions=places)
                new = [place for place in places if place not in said or said[place].offset < 0]
                begins = await self._consumer.beginning_offsets(new) if new else {}
                for topic in topics:
                    behind = sum(
                        max(0, ends[place] - (begins[place] if place in begins else said[place].offset))
                        for place in places
                        if place.topic == topic
                    )
                    name = self._broker.plain(topic)
                    unread[name] = max(behind, unread.get(name, 0))
        return {topic: count for topic, count in unread.items() if count}

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (GroupAuthorizationFailedError, TopicAuthorizationFailedError) as error:
            raise Stop(f"{self._broker.place} refused: {error!r}; check the user's rights") from error
        except (KafkaError, OSError) as error:
            raise Retry(f"{self._broker.place} did not answer: {error!r}; check the broker") from error
