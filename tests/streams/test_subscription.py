"""The contract of a subscription, on every kind of broker."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest

from schemas.examples import REPORT
from schemas.reports import ReportPublished
from streams.clock import SystemClock
from streams.config import Settings
from streams.flow import Flow
from streams.lifetime import Wait
from streams.subscriber import Subscriber
from streams.subscription import Subscription, subscription
from streams.transports.record import Record
from tests.servers.brokers import TANSU, new_namespace
from tests.servers.kafka import Kafka

SECONDS = 60.0


@pytest.fixture(params=["embedded", TANSU, "kafka"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Those of a home of its own."""
    if request.param == "embedded":
        return Settings(data=tmp_path)
    return Settings(data=tmp_path, broker=new_namespace(request.getfixturevalue(request.param)), session_seconds=6)


def report(number: int) -> ReportPublished:
    return REPORT.model_copy(update={"day": date(2026, 3, 1) + timedelta(days=number)})


class Noting:
    """Handles each report by noting its day; what comes after `limit` ends the subscriber, unhandled."""

    def __init__(self, limit: int = 1000) -> None:
        self.days: list[int] = []
        self.limit = limit

    async def handle(self, report: ReportPublished, wait: Wait) -> bool:
        if len(self.days) == self.limit:
            return False
        self.days.append(report.day.day)
        return True


async def publish(settings: Settings, *numbers: int) -> None:
    flow = Flow(settings.broker_url, SystemClock(), [], layout=settings.layout.__class__(partitions=2))
    await flow.start()
    try:
        await flow.send([report(number) for number in numbers], source="test")
    finally:
        await flow.stop()


async def take(settings: Settings, group: str = "default", *, since: date | None = None) -> list[int]:
    """The days of what a group has not had yet."""
    noting = Noting()
    own = subscription(settings, group)
    async with asyncio.timeout(SECONDS):
        await Subscriber(settings, own, noting, since=since, once=True).run()
    return sorted(noting.days)


def test_each_group_goes_on_where_it_was(settings: Settings) -> None:
    async def story() -> None:
        await publish(settings, 0, 1, 2, 3)
        assert await take(settings) == [1, 2, 3, 4]
        assert await take(settings) == []
        await publish(settings, 4)
        assert await take(settings) == [5]
        assert await take(settings, "other") == [1, 2, 3, 4, 5]

    asyncio.run(story())


async def following(records: Subscription) -> Record:
    while (record := await records.next()) is None:
        pass
    return record


def test_what_was_read_but_not_acknowledged_comes_again(settings: Settings) -> None:
    async def first(own: Subscription) -> int:
        async with asyncio.timeout(SECONDS), own as records:
            return (await following(records)).offset

    async def story() -> None:
        await publish(settings, 0)
        assert await first(subscription(settings, "default")) == 0
        assert await take(settings) == [1]

    asyncio.run(story())


def test_a_group_without_a_place_begins_with_a_day(settings: Settings) -> None:
    async def story() -> None:
        await publish(settings, 0, 1, 2, 3)
        assert await take(settings, since=date(2026, 3, 3)) == [3, 4]
        await publish(settings, 5)
        assert await take(settings, since=date(2026, 3, 20)) in ([6], []), "each partition has a place of its own"

    asyncio.run(story())


def test_a_record_whose_partition_went_to_another_member_is_left_to_it(kafka: Kafka, tmp_path: Path) -> None:
    """A command took long; meanwhile a second subscriber joined the group."""
    settings = Settings(data=tmp_path, broker=new_namespace(kafka), session_seconds=6)

    async def story() -> None:
        await publish(settings, *range(12))
        one, other = subscription(settings, "default"), subscription(settings, "default")
        async with asyncio.timeout(SECONDS), one:
            had: dict[int, Record] = {}
            while len(had) < 2:
                record = await following(one)
                had[record.partition] = record
            async with other:
                taken = await following(other)
                for record in had.values():
                    await one.acknowledge(record)
                kept = next(record for record in had.values() if record.partition != taken.partition)
                for member, last in ((one, kept), (other, taken)):
                    await member.acknowledge(last)
                    while (again := await member.next()) is not None:
                        assert again.partition == last.partition
                        assert again.offset > last.offset, "it comes to one of them once"
                        await member.acknowledge(again)
        assert await take(settings) == []

    asyncio.run(story())
