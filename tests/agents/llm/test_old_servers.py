"""Endpoints that know less than OpenAI's, or word it otherwise, work unconfigured."""

from __future__ import annotations

import asyncio
import json

import pytest

from agents.llm.port import Answer
from agents.llm.record import MemoryRecord
from tests.agents.llm.asking import asking
from tests.agents.llm.endpoint import Serving, serving
from tests.agents.llm.questions import question, refusal, too_long


async def ask_often(served: Serving, record: MemoryRecord, times: int) -> list[Answer]:
    async with asking(served.url, record=record) as endpoint:
        return [await endpoint.ask(question(f"change {n}")) for n in range(times)]


def is_json(answer: Answer) -> bool:
    try:
        return isinstance(json.loads(answer.text), dict)
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("options", "format", "refused"),
    [(("--no-json-schema",), "json_object", 1), (("--no-json-schema", "--no-json-object"), "text", 2)],
)
def test_a_format_that_is_refused_is_never_asked_for_again(options: tuple[str, ...], format: str, refused: int) -> None:
    record = MemoryRecord()
    with serving(*options) as served:
        answers = asyncio.run(ask_often(served, record, 2))
        answers += asyncio.run(ask_often(served, record, 2))  # another process
        assert served.count("400") == refused
    assert all(is_json(answer) for answer in answers)
    assert [answer.call.attempts for answer in answers] == [1 + refused, 1, 1, 1]
    assert [dict(health.formats) for health in record.healths.values()] == [{"test-model": format}]


def test_a_format_that_is_ignored_is_left() -> None:
    record = MemoryRecord()
    with serving("--ignore-response-format") as served:
        answers = asyncio.run(ask_often(served, record, 6))
        later = asyncio.run(ask_often(served, record, 1))
    assert [is_json(answer) for answer in answers] == [False] * 2 + [True] * 4
    assert is_json(later[0])


def test_odd_answers_do_not_push_a_good_endpoint_down() -> None:
    record = MemoryRecord()
    with serving("--faults", "badjson:0.2,refusaltext:0.2,prose:0.2,length:0.2") as served:
        asyncio.run(ask_often(served, record, 60))
    assert [dict(health.formats) for health in record.healths.values()] == [{"test-model": "json_schema"}]


@pytest.mark.parametrize("flavor", ["openai", "vllm"])
def test_too_long_is_understood_with_its_limit(flavor: str) -> None:
    async def ask(served: Serving) -> None:
        async with asking(served.url) as endpoint:
            error = await too_long(endpoint.ask(question(padding=5000)))
            assert error.limit == 1000
            assert [call.attempts for call in error.calls] == [1]
            # and the endpoint is well
            await endpoint.ask(question())

    with serving("--flavor", flavor, "--max-prompt-chars", "4000") as served:
        asyncio.run(ask(served))


def test_the_first_listed_model_is_asked_where_none_is_configured() -> None:
    with serving("--models", "first,second") as served:
        answers = asyncio.run(ask_often(served, MemoryRecord(), 2))
    assert [answer.call.model for answer in answers] == ["first", "first"]


def test_a_model_that_does_not_exist_is_permanent() -> None:
    async def ask(served: Serving) -> str:
        async with asking(served.url, model="third") as endpoint:
            return (await refusal(endpoint.ask(question()))).reason

    with serving("--models", "first,second") as served:
        reason = asyncio.run(ask(served))
    assert reason == "404 not found: The model `third` does not exist; next try 12:01 UTC"


@pytest.mark.parametrize("flavor", ["openai", "vllm"])
def test_errors_are_understood_in_every_flavor(flavor: str) -> None:
    async def ask(served: Serving) -> str:
        async with asking(served.url, key="k" * 20) as endpoint:
            return (await refusal(endpoint.ask(question()))).reason

    with serving("--flavor", flavor, "--api-key", "another") as served:
        assert asyncio.run(ask(served)) == "401 unauthorized: Incorrect API key provided; next try 12:01 UTC"


def test_a_key_is_sent() -> None:
    async def ask(served: Serving) -> Answer:
        async with asking(served.url, key=" the-key\n") as endpoint:
            return await endpoint.ask(question())

    with serving("--api-key", "the-key") as served:
        assert asyncio.run(ask(served)).call.outcome == "good"
