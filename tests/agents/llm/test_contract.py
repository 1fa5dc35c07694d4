"""What every Asker does: the scripted one and an endpoint over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from agents.llm.port import Answer, Asker, NoAnswer, Question, TooLong
from agents.llm.scripted import Fault, Scripted
from tests.agents.llm.asking import asking
from tests.agents.llm.clock import START, Simulated
from tests.agents.llm.endpoint import Serving, serving
from tests.agents.llm.questions import question

Making = Callable[[Fault], AbstractAsyncContextManager[Asker]]

_ON_THE_WIRE = {"transient": "500", "permanent": "403"}


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    with serving("--max-prompt-chars", "20000") as running:
        yield running


@pytest.fixture(params=["scripted", "http"])
def making(request: pytest.FixtureRequest) -> Making:
    """Askers that meet one fault, for ever."""
    if request.param == "scripted":
        return _scripted
    running: Serving = request.getfixturevalue("served")

    @asynccontextmanager
    async def over_http(fault: Fault) -> AsyncIterator[Asker]:
        kind = _ON_THE_WIRE.get(fault, fault)
        await asyncio.to_thread(running.control, faults=f"{kind}:1.0" if kind not in ("", "too_long") else "")
        async with asking(running.url) as endpoint:
            yield endpoint

    return over_http


@asynccontextmanager
async def _scripted(fault: Fault) -> AsyncIterator[Asker]:
    yield Scripted(Simulated().now, [fault] * 10)


def ask(making: Making, fault: Fault, asked: Question | None = None) -> Answer:
    async def one() -> Answer:
        async with making(fault) as asker:
            return await asker.ask(asked or question())

    return asyncio.run(one())


@pytest.mark.parametrize(("language", "word"), [("en", "about the commit"), ("zh-CN", "本次提交")])
def test_an_answer_fills_the_schema_in_the_language(making: Making, language: str, word: str) -> None:
    answer = ask(making, "", question("Teach the parser commas", language))
    value = json.loads(answer.text)
    assert set(value) == {"summary", "risks"}
    assert "Teach the parser commas" in value["summary"]
    assert word in value["summary"]
    assert (answer.finish, answer.refusal) == ("stop", "")


def test_a_call_is_recorded(making: Making) -> None:
    call = ask(making, "").call
    assert (call.outcome, call.attempts, call.purpose, call.error) == ("good", 1, "analysis", "")
    assert call.endpoint
    assert call.model
    assert call.asked_at == START
    assert call.prompt_tokens > 0
    assert call.completion_tokens > 0
    assert len(call.id) == 32


def test_calls_have_ids_of_their_own(making: Making) -> None:
    assert ask(making, "").call.id != ask(making, "").call.id


def test_a_cut_answer_says_so(making: Making) -> None:
    answer = ask(making, "length")
    assert answer.finish == "length"
    assert answer.text


def test_no_choice_is_an_empty_answer(making: Making) -> None:
    answer = ask(making, "empty")
    assert (answer.text, answer.finish) == ("", "")


def test_a_filtered_answer_says_so(making: Making) -> None:
    assert ask(making, "filter").finish == "content_filter"


def test_a_refusal_is_told_apart(making: Making) -> None:
    answer = ask(making, "refusal")
    assert answer.refusal
    assert answer.text == ""


@pytest.mark.parametrize("fault", ["refusaltext", "badjson", "prose"])
def test_content_is_passed_on_as_it_is(making: Making, fault: Fault) -> None:
    answer = ask(making, fault)
    assert answer.call.outcome == "good"
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)


@pytest.mark.parametrize("outcome", ["transient", "permanent"])
def test_no_answer_tells_the_calls_made_in_vain(making: Making, outcome: Fault) -> None:
    with pytest.raises(NoAnswer) as caught:
        ask(making, outcome)
    assert [call.outcome for call in caught.value.calls] == [outcome]
    assert caught.value.calls[0].error in caught.value.reason
    assert "\n" not in caught.value.reason


def test_too_long_is_told_apart(making: Making) -> None:
    with pytest.raises(TooLong) as caught:
        ask(making, "too_long", question(padding=30_000))
    assert [call.outcome for call in caught.value.calls] == ["too_long"]
