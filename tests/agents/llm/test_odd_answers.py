"""Answers of an endpoint that is broken, or that means harm."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from typing import Any

import pytest

from agents.llm.breaker import Breaker
from agents.llm.port import Answer, NoAnswer, Question, TooLong
from agents.llm.record import MemoryRecord
from agents.llm.status import redirected
from tests.agents.llm.asking import asking
from tests.agents.llm.canned import GOOD, answer, canned, complaint
from tests.agents.llm.questions import question, refusal

KEY = "example-4f9c1d7e8b2a"
DEEP = "[" * 200_000


def ask(*answers: bytes, **settings: Any) -> Answer | NoAnswer | TooLong:
    """Ask once; the answers are given in turn."""

    async def one() -> Answer | NoAnswer | TooLong:
        async with canned(answers) as server, asking(server.url, **{"model": "m", **settings}) as endpoint:
            try:
                return await endpoint.ask(question())
            except (NoAnswer, TooLong) as error:
                return error

    return asyncio.run(one())


@pytest.mark.parametrize("status", [200, 500])
def test_no_more_is_read_than_any_answer_needs(status: int) -> None:
    block, most = b" " * 1_000_000, 200
    written = 0

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} X\r\nConnection: close\r\n\r\n".encode())
        try:
            while written < most:
                writer.write(block)
                await writer.drain()
                written += 1
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def one() -> str:
        server = await asyncio.start_server(stream, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with server, asking(url, model="m", attempts=1) as endpoint:
            return (await refusal(endpoint.ask(question()))).reason

    assert asyncio.run(one()).startswith("the answer is longer than 4 MB")
    assert written < most / 4


def test_nor_when_little_becomes_much() -> None:
    body = gzip.compress(b" " * 50_000_000)
    head = f"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    got = ask(head.encode() + body, attempts=1)
    assert isinstance(got, NoAnswer)
    assert got.reason.startswith("the answer is longer than 4 MB")


def test_what_is_compressed_is_read() -> None:
    body = gzip.compress(json.dumps(GOOD).encode())
    head = f"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    assert isinstance(ask(head.encode() + body), Answer)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_is_sent_where_an_endpoint_redirects_to(status: int) -> None:
    async def one() -> None:
        async with canned([answer(200, GOOD)]) as other:
            location = f"{other.url}/chat/completions?to=ken"
            async with (
                canned([answer(status, "", Location=location)]) as server,
                asking(server.url, model="m") as endpoint,
            ):
                error = await refusal(endpoint.ask(question()))
                assert error.reason.startswith(f"the endpoint redirects to {other.url}; configure that URL")
                assert [call.outcome for call in error.calls] == ["permanent"]
                assert len(server.bodies) == 1
            assert other.heads == []

    asyncio.run(one())


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/v2/chat/completions", "https://host/v2"),
        ("https://user:secret@elsewhere/login?next=x#y", "https://elsewhere/login"),
        ("//elsewhere/sk-abcdef123456/v1/models", "https://elsewhere/***/v1"),
    ],
)
def test_where_to_is_said(location: str, url: str) -> None:
    said = redirected("https://host/v1/chat/completions", location)
    assert said == f"the endpoint redirects to {url}; configure that URL"


@pytest.mark.parametrize("location", ["", "http://[", "http://"])
def test_a_redirection_to_nowhere(location: str) -> None:
    assert "does not say where to" in redirected("https://host/v1/models", location)


@pytest.mark.parametrize("count", [10**8 + 1, 10**25, 10**400, -5, 1e30, True], ids=lambda count: f"{count!r:.30}")
def test_absurd_counts_of_tokens_are_no_counts(count: float) -> None:
    got = ask(answer(200, {**GOOD, "usage": {"prompt_tokens": count, "completion_tokens": count}}), input_price=1.0)
    assert isinstance(got, Answer)
    assert 20 < got.call.prompt_tokens < 1000
    assert 0 < got.call.completion_tokens < 1000


@pytest.mark.parametrize(
    "odd", [answer(200, DEEP), answer(500, DEEP), answer(200, "9" * 10_000), answer(503, '{"error": ' * 100_000)]
)
def test_what_cannot_be_read_is_tried_again(odd: bytes) -> None:
    got = ask(odd, answer(200, GOOD))
    assert isinstance(got, Answer)
    assert got.call.attempts == 2


def test_absurd_limits_are_not_believed() -> None:
    got = ask(complaint(400, f"This model's maximum context length is {'9' * 10_000} tokens"))
    assert isinstance(got, TooLong)
    assert got.limit is None


@pytest.mark.parametrize("name", ["\ud800x", "y" * 201, "m|<b>\n# h", "m\u202e", KEY])
def test_odd_names_of_models_are_not_used(name: str) -> None:
    got = ask(answer(200, {"data": [{"id": name}]}), model="", key=KEY)
    assert isinstance(got, NoAnswer)
    assert got.reason.startswith("the first model that the endpoint lists has no usable name")
    assert [(call.model, call.outcome) for call in got.calls] == [("", "permanent")]


def test_halves_of_surrogate_pairs_reach_no_error_and_no_answer() -> None:
    error = ask(answer(403, '{"error": {"message": "\\ud800 boom", "code": "x"}}'))
    assert isinstance(error, NoAnswer)
    assert error.reason.startswith("403 forbidden: boom")
    choice = {"finish_reason": "\ud800", "message": {"content": "half \ud800", "refusal": "\udfff"}}
    got = ask(answer(200, {"choices": [choice]}))
    assert isinstance(got, Answer)
    (got.text + got.finish + got.refusal).encode()


def test_what_nobody_foresaw_is_recorded_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    record = MemoryRecord()

    async def one() -> NoAnswer:
        async with asking("http://127.0.0.1:1/v1", model="m", key=KEY, record=record, attempts=3) as endpoint:

            async def complete(*_: object) -> None:
                raise LookupError(f"no such thing as {KEY}")

            endpoint._client.complete = complete  # type: ignore[assignment,method-assign]
            return await refusal(endpoint.ask(question()))

    with caplog.at_level(logging.WARNING):
        error = asyncio.run(one())
    assert error.reason.startswith("unexpected LookupError: no such thing as ***; next try")
    assert [(call.outcome, call.attempts) for call in error.calls] == [("transient", 3)]
    assert Breaker(next(iter(record.healths.values()))).state == "open"
    assert len(caplog.records) == 1
    assert "test_odd_answers.py" in caplog.text
    assert "Traceback" not in caplog.text
    assert KEY not in caplog.text + repr((error, error.__cause__, error.__context__))


def test_a_straggler_that_is_denied_ends_the_call_alone() -> None:
    """Ten errors make one call go alone; then one from before comes back and is denied."""
    straggler = question("straggler")
    answers = asyncio.run(_with_a_straggler(straggler))
    assert all(isinstance(each, NoAnswer) and each.reason.startswith("401") for each in answers)


async def _with_a_straggler(straggler: Question) -> list[object]:
    alone, asked = asyncio.Event(), 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = next(line.split(":")[1] for line in head.splitlines() if line.startswith("content-length:"))
        body = (await reader.readexactly(int(length))).decode()
        asked += 1
        if asked == 1:
            writer.write(answer(200, GOOD))
        elif "straggler" in body:
            await alone.wait()
            writer.write(complaint(401, "no"))
        else:
            if asked == 40:
                alone.set()
            writer.write(complaint(500, "busy"))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    async with server, asking(url, model="m", attempts=1000, patience_seconds=1e9) as endpoint:
        await endpoint.ask(question("well"))
        first = asyncio.create_task(endpoint.ask(straggler))
        others = [endpoint.ask(question(f"c {n}")) for n in range(10)]
        return await asyncio.wait_for(asyncio.gather(first, *others, return_exceptions=True), 20)
