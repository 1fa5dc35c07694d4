"""How long a question waits when all that comes back are refusals for the rate."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agents.llm.limits import Limits
from agents.llm.pace import Pace
from agents.llm.port import NoAnswer
from agents.llm.settings import EndpointSettings
from agents.llm.throttle import Impatient, Throttle
from tests.agents.llm.asking import asking
from tests.agents.llm.canned import GOOD, answer, canned, complaint
from tests.agents.llm.clock import Simulated
from tests.agents.llm.questions import question, refusal


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}, {"Retry-After": "1"}, {"Retry-After": "10"}])
@pytest.mark.parametrize("settings", [{}, {"rpm": 1}, {"patience_seconds": 30.0}])
def test_refusals_of_everything_end_a_question_with_its_patience(
    headers: dict[str, str], settings: dict[str, Any]
) -> None:
    clock = Simulated()

    async def one() -> NoAnswer:
        async with (
            canned([complaint(429, "slow", **headers)]) as server,
            asking(server.url, clock=clock, model="m", **settings) as endpoint,
        ):
            return await refusal(endpoint.ask(question()))

    error = asyncio.run(one())
    assert error.reason.startswith("429 too many requests: slow; next try")
    assert [call.outcome for call in error.calls] == ["transient"]
    assert clock.seconds() <= settings.get("patience_seconds", 180.0) + 1


def test_refusals_of_everything_end_all_questions_together() -> None:
    clock = Simulated()

    async def talk() -> list[str]:
        async with (
            canned([answer(200, GOOD), complaint(429, "slow", Retry_After="1")]) as server,
            asking(server.url, clock=clock, model="m") as endpoint,
        ):
            await endpoint.ask(question("well"))
            slots = asyncio.Semaphore(8)

            async def one(n: int) -> str:
                async with slots:
                    return (await refusal(endpoint.ask(question(f"c {n}")))).reason

            return await asyncio.gather(*(one(n) for n in range(40)))

    assert {reason.split(";")[0] for reason in asyncio.run(talk())} == {"429 too many requests: slow"}
    assert clock.seconds() < 2 * 180


@pytest.mark.parametrize("patience", [0.0, 180.0])
def test_a_known_limit_is_waited_for_whatever_the_patience(patience: float) -> None:
    clock = Simulated()

    async def talk() -> list[str]:
        async with (
            canned([answer(200, GOOD)]) as server,
            asking(server.url, clock=clock, model="m", rpm=6, patience_seconds=patience) as endpoint,
        ):
            asked = [endpoint.ask(question(f"c {n}")) for n in range(40)]
            return [each.call.outcome for each in await asyncio.gather(*asked)]

    assert asyncio.run(talk()) == ["good"] * 40
    assert clock.seconds() > 300


def test_an_answer_between_refusals_gives_patience_back() -> None:
    pace = Pace()
    assert pace.refused_for(100.0) == 0.0
    pace.refused(10.0, 9.0, None)
    pace.refused(30.0, 29.0, None)
    assert pace.refused_for(40.0) == 30.0
    assert pace.refused_for(40.0, since=35.0) == 5.0
    pace.answered(50.0, Limits())
    assert pace.refused_for(60.0) == 0.0


def test_those_in_line_lose_patience_together() -> None:
    clock = Simulated()
    pace = Pace()
    throttle = Throttle(pace, clock.sleep, clock.seconds)
    pace.sent(0.0)
    pace.refused(0.0, 0.0, None)

    async def wait() -> list[float | BaseException | None]:
        return await asyncio.gather(*(throttle.wait(20.0, lambda: False) for _ in range(5)), return_exceptions=True)

    left = asyncio.run(wait())
    # one leaves after the second that a first refusal asks for, at a limit of one in a minute
    assert left[0] == pytest.approx(1.0)
    assert all(isinstance(each, Impatient) for each in left[1:])
    # the others came when that second was over
    assert clock.seconds() == pytest.approx(21.0)


def test_the_longest_that_a_question_takes() -> None:
    url = "http://localhost/v1"
    assert EndpointSettings(url=url).longest_seconds == 5 * 120 + 180
    assert EndpointSettings(url=url, attempts=2, timeout_seconds=10, patience_seconds=0).longest_seconds == 20
