"""Answers that the faulty endpoint does not give, byte for byte."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agents.llm.port import Answer, NoAnswer, TooLong
from agents.llm.tokens import estimate
from tests.agents.llm.asking import asking
from tests.agents.llm.canned import GOOD, Canned, answer, canned, complaint
from tests.agents.llm.clock import Simulated
from tests.agents.llm.questions import question, refusal


def ask(*answers: bytes, clock: Simulated | None = None, **settings: Any) -> tuple[Answer | Exception, Canned]:
    """Ask once; the answers are given in turn."""

    async def one() -> tuple[Answer | Exception, Canned]:
        async with canned(answers) as server, asking(server.url, clock=clock, model="m", **settings) as endpoint:
            try:
                return await endpoint.ask(question(answer_tokens=900)), server
            except (NoAnswer, TooLong) as error:
                return error, server

    return asyncio.run(one())


def test_an_answer_is_read_with_its_tokens() -> None:
    got, server = ask(answer(200, GOOD), input_price=2.0, output_price=10.0)
    assert isinstance(got, Answer)
    assert (got.call.prompt_tokens, got.call.completion_tokens, got.call.cost) == (11, 5, 72)
    body = server.bodies[0]
    assert body["max_tokens"] == 900
    assert body["temperature"] <= 0.3
    assert body["response_format"]["json_schema"]["strict"] is True
    assert "stream" not in body


def test_tokens_that_are_not_counted_are_estimated() -> None:
    got, _ = ask(answer(200, {"choices": GOOD["choices"]}), input_price=1.0)
    assert isinstance(got, Answer)
    assert got.call.prompt_tokens == question(answer_tokens=900).tokens > 20
    assert got.call.completion_tokens == estimate(got.text) > 0
    assert got.call.cost == got.call.prompt_tokens


@pytest.mark.parametrize(
    "odd",
    [
        answer(200, "<html><body>Welcome to the hotel's network</body></html>", content_type="text/html"),
        answer(200, "<html></html>"),
        answer(200, ""),
        answer(200, "{"),
        answer(200, "null"),
        answer(200, [1, 2]),
        answer(200, {"error": {"message": "upstream is busy"}}),
        answer(200, {"choices": None}),
        answer(502, "<html>bad</html>", content_type="text/html"),
        answer(504, ""),
        answer(529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        answer(408, {"detail": "slow"}),
        b"HTTP/1.1 200 X\r\nContent-Length: 500\r\n\r\n{",
        b"not http at all",
        b"",
    ],
)
def test_what_is_no_completion_is_tried_again(odd: bytes) -> None:
    got, server = ask(odd, answer(200, GOOD))
    assert isinstance(got, Answer)
    assert got.call.attempts == 2
    assert len(server.bodies) == 2


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": [{}]},
        {"choices": [None]},
        {"choices": [{"message": {"content": 7}}], "usage": {"prompt_tokens": "x"}},
    ],
)
def test_odd_completions_are_empty_answers(odd: object) -> None:
    got, _ = ask(answer(200, odd))
    assert isinstance(got, Answer)
    assert got.text == ""


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "2.5"}, 2.5),
        ({"retry_after_ms": "1500", "Retry-After": "9"}, 1.5),
        ({"Retry-After": "Sun, 01 Mar 2026 12:00:42 GMT"}, 42.0),
        ({"Retry-After": "Sun, 01 Mar 2026 12:00:42 GMT", "Date": "Sun, 01 Mar 2026 12:00:12 GMT"}, 30.0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_an_endpoint_says_how_long_to_wait(status: int, headers: dict[str, str], seconds: float) -> None:
    clock = Simulated()
    got, _ = ask(complaint(status, "wait", **headers), answer(200, GOOD), clock=clock)
    assert isinstance(got, Answer)
    assert sum(clock.slept) == pytest.approx(seconds, abs=0.01)


def test_a_wait_beyond_the_patience_ends_the_question_and_rests_the_endpoint() -> None:
    async def twice() -> tuple[str, str, int]:
        clock, reasons = Simulated(), []
        async with canned([complaint(429, "later", Retry_After="7200")]) as server:
            async with asking(server.url, clock=clock, model="m") as endpoint:
                for _ in range(2):
                    with pytest.raises(NoAnswer) as caught:
                        await endpoint.ask(question())
                    reasons.append(caught.value.reason)
            assert not clock.slept
            return reasons[0], reasons[1], len(server.bodies)

    assert asyncio.run(twice()) == (*["429 too many requests: later; next try 14:00 UTC"] * 2, 1)


def test_an_account_without_money_is_permanent() -> None:
    got, server = ask(
        complaint(429, "You exceeded your current quota, check your billing details.", "insufficient_quota")
    )
    assert isinstance(got, NoAnswer)
    assert got.calls[0].outcome == "permanent"
    assert len(server.bodies) == 1


def test_advice_to_pay_is_no_end() -> None:
    said = "Rate limit reached on requests per min: Limit 3. Please add a payment method, see account/billing."
    got, _ = ask(complaint(429, said, "rate_limit_exceeded"), answer(200, GOOD))
    assert isinstance(got, Answer)


@pytest.mark.parametrize("status", [400, 422])
def test_a_question_that_is_rejected_is_not_tried_again(status: int) -> None:
    got, server = ask(complaint(status, "messages: unknown role"))
    assert isinstance(got, NoAnswer)
    assert got.calls[0].outcome == "permanent"
    assert len(server.bodies) == 1


def test_max_completion_tokens_where_max_tokens_is_not_known() -> None:
    said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    got, server = ask(complaint(400, said, "unsupported_parameter", "max_tokens"), answer(200, GOOD))
    assert isinstance(got, Answer)
    assert "max_tokens" not in server.bodies[1]
    assert server.bodies[1]["max_completion_tokens"] == 900


def test_fewer_tokens_where_the_model_answers_no_more() -> None:
    said = "max_tokens is too large: 900. This model supports at most 512 completion tokens."
    got, server = ask(complaint(400, said, "invalid_value", "max_tokens"), answer(200, GOOD))
    assert isinstance(got, Answer)
    assert server.bodies[1]["max_tokens"] == 512


def test_no_temperature_where_it_is_not_known() -> None:
    said = "Unsupported value: 'temperature' does not support 0.2 with this model."
    got, server = ask(complaint(400, said, "unsupported_value", "temperature"), answer(200, GOOD))
    assert isinstance(got, Answer)
    assert "temperature" not in server.bodies[1]


def test_complaints_about_parameters_come_to_an_end() -> None:
    got, server = ask(complaint(400, "'max_tokens' and 'temperature' and all else are wrong"))
    assert isinstance(got, NoAnswer)
    assert len(server.bodies) <= 3


@pytest.mark.parametrize(
    ("status", "said", "limit"),
    [
        (
            400,
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
            8192,
        ),
        (
            400,
            "'max_tokens' is too large: 4096. This model's maximum context length is 8192 tokens"
            " and your request has 6000 input tokens (4096 > 8192 - 6000).",
            8192,
        ),
        (400, "The decoder prompt (length 5000) is longer than the maximum model length of 4096.", 4096),
        (400, "the request exceeds the available context size (2048 tokens), try increasing it", 2048),
        (400, "prompt is too long: 210000 tokens > 200000 maximum", 200000),
        (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 1048576),
        (422, "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens", 4096),
        (429, "Request too large for m on tokens per min (TPM): Limit 30000, Requested 45000.", 30000),
        (413, "Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 8000", 6000),
        (413, "", None),
        (400, "Please reduce the length of the messages or completion.", None),
    ],
)
def test_too_long_in_many_words(status: int, said: str, limit: int | None) -> None:
    got, _ = ask(complaint(status, said))
    assert isinstance(got, TooLong)
    assert got.limit == limit


def test_an_endpoint_without_models_is_permanent() -> None:
    async def one() -> None:
        async with canned([answer(200, {"data": []})]) as server, asking(server.url) as endpoint:
            error = await refusal(endpoint.ask(question()))
            assert error.reason.startswith("the endpoint lists no model: name one")

    asyncio.run(one())


def test_halves_of_surrogate_pairs_do_not_stop_a_question() -> None:
    async def one() -> Answer:
        async with canned([answer(200, GOOD)]) as server, asking(server.url, model="m") as endpoint:
            return await endpoint.ask(question("broken \udcff title"))

    assert asyncio.run(one()).call.outcome == "good"
