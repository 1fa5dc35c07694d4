"""Several endpoints, and what is remembered of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from agents.llm.chain import Chain
from agents.llm.endpoint import Endpoint
from agents.llm.port import Health, NoAnswer
from agents.llm.record import MemoryRecord
from agents.llm.settings import EndpointSettings
from schemas.errors import Misuse, Retry
from tests.agents.llm.asking import asking
from tests.agents.llm.canned import GOOD, answer, canned, complaint
from tests.agents.llm.clock import Simulated
from tests.agents.llm.endpoint import Serving, serving
from tests.agents.llm.questions import question, refusal


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    with serving("--latency", "0.05") as running:
        yield running


def endpoint(url: str, clock: Simulated, record: MemoryRecord, **settings: Any) -> Endpoint:
    made = EndpointSettings(url=url, **settings)
    return Endpoint(made, record, clock.now, sleep=clock.sleep, seconds=clock.seconds, random=Random(1))


def test_the_next_takes_over_and_the_first_comes_back(served: Serving) -> None:
    async def talk() -> list[str]:
        clock, record = Simulated(), MemoryRecord()
        async with canned([complaint(403, "no"), answer(200, GOOD)]) as first:
            chain = Chain(
                [endpoint(first.url, clock, record, name="first", model="m"), endpoint(served.url, clock, record)]
            )
            names = [(await chain.ask(question(f"c {n}"))).call.endpoint for n in range(3)]
            assert len(first.bodies) == 1
            clock.advance(60)
            names.append((await chain.ask(question("c 3"))).call.endpoint)
            await chain.close()
            assert record.healths["first"].state == "well"
            return names

    served.control(faults="")
    names = asyncio.run(talk())
    assert names[0] == names[1] == names[2] != "first"
    assert names[3] == "first"


def test_the_reason_is_that_of_the_preferred_endpoint(served: Serving) -> None:
    async def talk() -> None:
        clock, record = Simulated(), MemoryRecord()
        async with canned([complaint(401, "no key")]) as first:
            chain = Chain(
                [endpoint(first.url, clock, record, name="first", model="m"), endpoint(served.url, clock, record)]
            )
            error = await refusal(chain.ask(question()))
            assert error.reason == "first: 401 unauthorized: no key; next try 12:01 UTC (none of 2 endpoints answers)"
            assert [call.outcome for call in error.calls] == ["permanent", "permanent"]
            again = await refusal(chain.ask(question()))
            assert again.calls == ()
            await chain.close()

    served.control(faults="403:1.0")
    asyncio.run(talk())


def test_two_endpoints_need_two_names() -> None:
    settings = EndpointSettings(url="http://localhost:1/v1")
    with pytest.raises(Misuse, match="localhost:1/v1"):
        Chain.of([settings, settings], MemoryRecord(), Simulated().now)


def test_the_first_question_goes_alone_and_the_others_follow() -> None:
    async def talk() -> list[str]:
        async with canned([answer(200, GOOD)]) as server, asking(server.url, model="m") as endpoint:
            await asyncio.gather(*(endpoint.ask(question(f"c {n}")) for n in range(8)))
            return server.happened

    happened = asyncio.run(talk())
    assert happened[:2] == ["asked", "answered"]
    assert happened[2:5] == ["asked"] * 3


def test_a_question_that_is_cancelled_does_not_keep_the_others(served: Serving) -> None:
    async def talk() -> None:
        async with asking(served.url) as endpoint:
            first = asyncio.create_task(endpoint.ask(question("cancelled")))
            await asyncio.sleep(0)
            others = [asyncio.create_task(endpoint.ask(question(f"c {n}"))) for n in range(3)]
            await asyncio.sleep(0)
            first.cancel()
            assert [each.call.outcome for each in await asyncio.gather(*others)] == ["good"] * 3

    served.control(faults="")
    asyncio.run(talk())


def test_a_ban_outlives_the_process(served: Serving) -> None:
    record, clock = MemoryRecord(), Simulated()

    async def process() -> str:
        async with asking(served.url, clock=clock, record=record) as endpoint:
            return (await refusal(endpoint.ask(question()))).reason

    served.control(faults="403:1.0", reset_stats=True)
    assert asyncio.run(process()) == asyncio.run(process())
    assert served.count("requests") == 1
    clock.advance(60)
    assert asyncio.run(process()).endswith("next try 12:03 UTC")
    assert served.count("requests") == 2


def test_another_key_ends_the_ban_of_the_first() -> None:
    async def process(url: str, key: str, record: MemoryRecord, clock: Simulated) -> str:
        async with asking(url, clock=clock, record=record, name="one", model="m", key=key) as endpoint:
            try:
                return (await endpoint.ask(question())).call.outcome
            except NoAnswer as error:
                return error.reason

    async def talk() -> None:
        clock, record = Simulated(), MemoryRecord()
        async with canned([complaint(401, "no"), answer(200, GOOD)]) as server:
            denied = await process(server.url, "wrong-key", record, clock)
            assert denied == "401 unauthorized: no; next try 12:01 UTC"
            assert await process(server.url, "wrong-key", record, clock) == denied
            assert await process(server.url, "right-key", record, clock) == "good"
            assert len(server.bodies) == 2
        assert record.healths["one"].state == "well"
        assert "key" not in repr(record.healths)

    asyncio.run(talk())


def test_what_an_endpoint_can_do_is_known_with_another_key() -> None:
    async def talk() -> str:
        record = MemoryRecord()
        record.healths["one"] = Health("banned", "2026-03-01T13:00:00+00:00", 60.0, "401", {"m": "text"}, "another")
        async with canned([answer(200, GOOD)]) as server:
            async with asking(server.url, record=record, name="one", model="m") as endpoint:
                await endpoint.ask(question())
            assert "response_format" not in server.bodies[0]
        return record.healths["one"].formats["m"]

    assert asyncio.run(talk()) == "text"


class Counting(MemoryRecord):
    def __init__(self) -> None:
        super().__init__()
        self.saved: list[str] = []

    async def save(self, endpoint: str, health: Health) -> None:
        self.saved.append(health.state)
        await super().save(endpoint, health)


def test_health_is_saved_only_when_it_changes(served: Serving) -> None:
    record = Counting()

    async def talk() -> None:
        async with asking(served.url, record=record) as endpoint:
            await asyncio.gather(*(endpoint.ask(question(f"c {n}")) for n in range(20)))
            await asyncio.to_thread(served.control, faults="403:1.0")
            await asyncio.gather(*(refusal(endpoint.ask(question(f"d {n}"))) for n in range(20)))

    served.control(faults="")
    asyncio.run(talk())
    assert record.saved == ["well", "banned"]


class Failing(MemoryRecord):
    async def save(self, endpoint: str, health: Health) -> None:
        raise Retry("the store is away")


def test_an_answer_outlives_a_record_that_fails(served: Serving) -> None:
    async def talk() -> None:
        async with asking(served.url, record=Failing()) as endpoint:
            assert (await endpoint.ask(question())).call.outcome == "good"

    served.control(faults="")
    asyncio.run(talk())


class Telling(MemoryRecord):
    def __init__(self) -> None:
        super().__init__()
        self.banned = asyncio.Event()

    async def save(self, endpoint: str, health: Health) -> None:
        await super().save(endpoint, health)
        if health.state == "banned":
            self.banned.set()


class Following(Simulated):
    """Time that passes once for the first in line, and then only after an endpoint was found gone."""

    def __init__(self, record: Telling) -> None:
        super().__init__()
        self._record = record

    async def sleep(self, seconds: float) -> None:
        if self.slept:
            await self._record.banned.wait()
        await super().sleep(seconds)


def test_those_in_line_for_the_rate_do_not_ask_an_endpoint_that_is_gone() -> None:
    async def talk() -> int:
        async with canned([answer(200, GOOD), complaint(403, "no")]) as server:
            record = Telling()
            clock = Following(record)
            async with asking(server.url, clock=clock, record=record, model="m", rpm=6) as endpoint:
                await endpoint.ask(question())
                await asyncio.gather(*(refusal(endpoint.ask(question(f"c {n}"))) for n in range(5)))
            # nor wait for their turn, but for the one that slept already
            assert len(clock.slept) == 2
            return len(server.bodies)

    assert asyncio.run(talk()) == 2


def test_a_storm_of_errors_shuts_and_costs_few_calls(served: Serving) -> None:
    async def talk() -> list[str]:
        clock = Simulated()
        async with asking(served.url, clock=clock) as endpoint:
            await endpoint.ask(question("well"))
            await asyncio.to_thread(served.control, faults="503:1.0", reset_stats=True)
            errors = await asyncio.gather(*(refusal(endpoint.ask(question(f"s {n}"))) for n in range(32)))
            return [error.reason for error in errors]

    served.control(faults="")
    reasons = asyncio.run(talk())
    assert all(reason.startswith("503 service unavailable") for reason in reasons)
    assert all("next try" in reason for reason in reasons)
    # without a breaker 32 questions of 5 attempts each
    assert served.count("requests") < 64
