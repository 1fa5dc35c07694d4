"""Every error of the vendor's client is a wire error of ours."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import openai
import pytest

from agents.llm.openai import OpenAI
from agents.llm.settings import EndpointSettings
from agents.llm.wire import WireError
from tests.agents.llm.clock import Simulated


class _Response:
    """What an error of the client holds of an answer."""

    def __init__(self) -> None:
        self.status_code = 418
        self.headers: dict[str, str] = {}
        self.text = "{}"


def kinds(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for kind in root.__subclasses__():
        yield from kinds(kind)


@pytest.mark.parametrize("kind", sorted(set(kinds(openai.OpenAIError)), key=str))
def test_every_error_of_the_client_is_translated(kind: type[Exception]) -> None:
    error: Exception = kind.__new__(kind, "said")
    error.__dict__["response"] = _Response()
    translated = _client()._translate(error)
    assert isinstance(translated, WireError)
    assert type(translated) is not WireError
    assert translated.message


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError("reset"), OSError("no route")])
def test_errors_of_the_system_are_translated(error: Exception) -> None:
    assert isinstance(_client()._translate(error), WireError)


def test_errors_of_ours_are_not_hidden() -> None:
    assert _client()._translate(TypeError("a mistake")) is None


def _client() -> OpenAI:
    return OpenAI(EndpointSettings(url="http://localhost/v1"), Simulated().now)


def test_the_client_is_loaded_only_when_a_question_is_asked() -> None:
    code = "import sys, agents.llm.chain; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
