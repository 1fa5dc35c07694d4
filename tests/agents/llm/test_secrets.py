"""Keys are seen nowhere, whoever repeats them."""

from __future__ import annotations

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from agents.llm.endpoint import Endpoint
from agents.llm.port import Answer
from agents.llm.record import MemoryRecord
from agents.llm.secret import one_line
from agents.llm.settings import EndpointSettings
from tests.agents.llm.asking import asking
from tests.agents.llm.canned import answer, canned, complaint
from tests.agents.llm.clock import Simulated
from tests.agents.llm.questions import question, refusal

KEY = "example-4f9c1d7e8b2a"


@pytest.mark.parametrize(
    "said",
    [
        complaint(401, f"Incorrect API key provided: {KEY}. Find yours elsewhere."),
        complaint(400, "x" * 190 + KEY),
        complaint(429, f"slow down {KEY}", Retry_After="100000"),
        complaint(500, f"Authorization: Bearer {KEY}"),
        answer(200, {"error": {"message": f"no credit for {KEY}"}}),
        answer(200, f"{KEY}"),
        answer(403, f"plain text about {KEY}"),
        answer(403, f"<html>{KEY}</html>"),
        complaint(404, "no", f"code-{KEY}"),
    ],
)
def test_a_key_that_the_endpoint_repeats_is_seen_nowhere(said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    record = MemoryRecord()

    async def fail() -> str:
        async with (
            canned([said]) as server,
            asking(server.url, key=KEY, model="m", attempts=2, record=record) as endpoint,
        ):
            error = await refusal(endpoint.ask(question()))
            assert KEY in server.heads[0]
            return repr(
                (error, error.reason, error.calls, endpoint, vars(endpoint), error.__cause__, error.__context__)
            )

    with caplog.at_level(logging.DEBUG):
        shown = asyncio.run(fail())
    everything = shown + caplog.text + repr(record.healths)
    assert KEY not in everything
    assert KEY[:12] not in everything


def completion(text: str, refusal: str = "") -> bytes:
    return answer(200, {"choices": [{"finish_reason": "stop", "message": {"content": text, "refusal": refusal}}]})


def test_a_key_that_the_model_repeats_is_seen_nowhere() -> None:
    async def ask() -> Answer:
        said = completion(f'{{"summary": "The key is {KEY}."}}', f"I must not tell {KEY}")
        async with canned([said]) as server, asking(server.url, key=KEY, model="m") as endpoint:
            return await endpoint.ask(question())

    got = asyncio.run(ask())
    assert got.text == '{"summary": "The key is ***."}'
    assert got.refusal == "I must not tell ***"


def test_a_key_that_is_a_word_leaves_answers_as_they_are() -> None:
    async def ask() -> Answer:
        said = completion('{"summary": "It is none."}')
        async with canned([said]) as server, asking(server.url, key="none", model="m") as endpoint:
            return await endpoint.ask(question())

    assert asyncio.run(ask()).text == '{"summary": "It is none."}'


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/sk-abcdef123456/v1", "/***/v1"),
        (f"/{KEY}/v1", "/***/v1"),
        ("/v1/0123456789abcdef0123456789abcdef/gateway", "/v1/***/gateway"),
        ("/openai/deployments/gpt-4o-mini-2024-07-18-global", "/openai/deployments/gpt-4o-mini-2024-07-18-global"),
        ("/v1", "/v1"),
    ],
)
def test_a_key_in_the_path_is_not_in_the_label(path: str, shown: str) -> None:
    assert EndpointSettings(url=f"https://host{path}", key=SecretStr(KEY)).label == f"host{shown}"


def test_a_fingerprint_tells_keys_and_models_apart_and_no_key() -> None:
    url = "http://localhost/v1"
    settings = [
        EndpointSettings(url=url, key=SecretStr(KEY)),
        EndpointSettings(url=url, key=SecretStr(KEY + "x")),
        EndpointSettings(url=url, key=SecretStr(KEY), model="m"),
        EndpointSettings(url=url + "/2", key=SecretStr(KEY)),
    ]
    prints = {each.fingerprint for each in settings}
    assert len(prints) == 4
    assert {len(each) for each in prints} == {12}
    assert EndpointSettings(url=url, key=SecretStr(KEY)).fingerprint == settings[0].fingerprint
    assert KEY not in "".join(prints)


def test_settings_do_not_show_their_key() -> None:
    settings = EndpointSettings(url="http://localhost/v1", key=SecretStr(KEY))
    assert KEY not in repr(settings) + str(settings) + settings.model_dump_json()
    assert KEY not in repr(vars(Endpoint(settings, MemoryRecord(), Simulated().now)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": f"https://user:{KEY}@host/v1"},
        {"url": f"https://host/v1?key={KEY}"},
        {"url": f"ftp://{KEY}"},
        {"url": "http://host/v1", "key": f"{KEY} ключ"},
        {"url": "http://host/v1", "kee": KEY},
        {"url": "http://host/v1", "rpm": KEY},
    ],
)
def test_settings_that_are_wrong_do_not_show_it_either(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        EndpointSettings(**wrong)
    assert KEY not in str(caught.value)


@given(st.text(), st.text(), st.text("abcdef0123456789-", min_size=4, max_size=40))
def test_a_line_is_a_line_without_the_key(before: str, after: str, key: str) -> None:
    line = one_line(before + key + after, SecretStr(key))
    assert key not in line
    assert len(line) <= 200
    assert len(line.splitlines()) <= 1


@pytest.mark.parametrize(
    "text", ["key sk-proj-abcdef123456 is wrong", "nvapi-abcdef12345678", "Bearer abc.def", "sk-ab****************wxyz"]
)
def test_what_looks_like_a_key_is_masked(text: str) -> None:
    line = one_line(text, SecretStr(""))
    assert "abc" not in line
    assert "wxyz" not in line
    assert "***" in line
