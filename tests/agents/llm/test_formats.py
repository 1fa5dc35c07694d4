"""Which format is asked for, and what the request then looks like."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from agents.llm.formats import Formats, allows_strict, messages, response_format
from agents.llm.port import Message
from tests.agents.llm.questions import SCHEMA, question

JSON, PROSE = '{"a": 1}', "I'm sorry."


def test_an_answer_of_a_stranger_without_an_object_tries_the_next_format() -> None:
    formats = Formats({})
    formats.answered("m", "json_schema", PROSE)
    assert formats.of("m") == "json_object"
    # nothing is remembered before that format proves better
    assert formats.settled == {}
    assert formats.answered("m", "json_object", JSON)
    assert formats.settled == {"m": "json_object"}


def test_answers_to_a_format_that_was_left_meanwhile_do_not_count() -> None:
    formats = Formats({})
    for _ in range(8):
        formats.answered("m", "json_schema", PROSE)
    assert formats.of("m") == "json_object"


def test_one_good_answer_between_begins_anew() -> None:
    formats = Formats({})
    for text in (JSON, PROSE, PROSE, JSON, PROSE, PROSE, PROSE, PROSE):
        formats.answered("m", "json_schema", text)
    assert formats.of("m") == "json_schema"


def test_where_no_format_brings_an_object_the_format_is_not_the_reason() -> None:
    formats = Formats({})
    for _ in range(2):
        for format in ("json_schema", "json_object", "text"):
            formats.answered("m", format, PROSE)
            formats.answered("m", format, PROSE)
    assert formats.of("m") == "json_schema"


@pytest.mark.parametrize("text", ['```json\n{"a": 1}\n```', '{"a"= 1', '{"a": "cut he', "{}", "Sure!\n{'a': 1}"])
def test_broken_objects_count_as_objects(text: str) -> None:
    formats = Formats({})
    for _ in range(3):
        formats.answered("m", "json_schema", text)
    assert formats.of("m") == "json_schema"


def test_a_refused_format_is_left_for_good_and_by_model() -> None:
    formats = Formats({})
    assert formats.refused("m", "json_schema")
    # another one, refused while under way, does not lead further down
    assert formats.refused("m", "json_schema")
    assert (formats.of("m"), formats.of("other")) == ("json_object", "json_schema")
    assert formats.settled == {"m": "json_object"}
    assert formats.refused("m", "json_object")
    assert not formats.refused("m", "text")


def test_what_was_remembered_is_taken_up() -> None:
    formats = Formats({"m": "text", "n": "nonsense"})
    assert (formats.of("m"), formats.of("n")) == ("text", "json_schema")


def test_the_schema_stands_beside_the_messages_or_among_them() -> None:
    asked = question()
    assert response_format(asked, "text") is None
    assert response_format(asked, "json_object") == {"type": "json_object"}
    beside = response_format(asked, "json_schema")
    assert beside is not None
    assert beside["json_schema"]["schema"] == SCHEMA
    assert "properties" not in str(messages(asked, "json_schema"))
    for format in ("json_object", "text"):
        among = messages(asked, format)
        assert [m["role"] for m in among] == ["system", "user"]
        assert json.dumps(SCHEMA, separators=(",", ":")) in among[0]["content"]
        assert among[1]["content"] == asked.messages[1].content


def test_the_schema_has_a_message_of_its_own_where_no_system_message_is() -> None:
    asked = replace(question(), messages=(Message("user", "hello"),))
    assert [m["role"] for m in messages(asked, "text")] == ["system", "user"]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    parts: list[Closed]


class Open(BaseModel):
    name: str


class Optional(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = ""


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (SCHEMA, True),
        (Closed.model_json_schema(), True),
        (Open.model_json_schema(), False),
        (Optional.model_json_schema(), False),
        ({"type": "object", "additionalProperties": {"type": "string"}}, False),
        # a property may be called like a keyword
        ({"type": "object", "properties": {"not": {}}, "required": ["not"], "additionalProperties": False}, True),
    ],
)
def test_strict_where_the_schema_allows(schema: dict[str, Any], strict: bool) -> None:
    assert allows_strict(schema) is strict
