"""Schemas of answers, and what is read out of a reply."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.analyzers.llm.answer import FullAnswer, PartAnswer
from agents.analyzers.llm.prompt import KINDS, Prompts
from agents.analyzers.llm.reply import Wrong, parse, refuses, text_of
from schemas.definition import LANGUAGES, Language
from tests.agents.analyst.script import answer, said

PROMPTS = Prompts()


def _objects(node: Any) -> list[dict[str, Any]]:
    inner = [
        o
        for v in (node.values() if isinstance(node, dict) else node)
        if isinstance(v, dict | list)
        for o in _objects(v)
    ]
    return [node, *inner] if isinstance(node, dict) and node.get("type") == "object" else inner


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_schemas_are_strict(kind: Any, language: Language) -> None:
    schema = PROMPTS.of(kind, language).schema
    for node in _objects(schema):
        assert node["additionalProperties"] is False
        assert node["required"] == list(node["properties"])
    text = json.dumps(schema)
    assert all(word not in text for word in ("$ref", "$defs", '"default"', '"title"', "anyOf"))
    assert text.count('"minItems"') == text.count('"maxItems"') == text.count('"array"')


@pytest.mark.parametrize(
    "text",
    [
        said(),
        f"Here it is:\n\n```json\n{said()}\n```\nHope it helps {{really}}!",
        f"I think {{}} of it: {said()}",
        json.dumps({"answer": json.loads(said())}),
    ],
)
def test_an_object_is_found_with_talk_around_it(text: str) -> None:
    assert parse(text, FullAnswer) == FullAnswer.model_validate_json(said())


def _escaped(match: re.Match[str]) -> str:
    return "".join(f"\\u{ord(c):04x}" if n % 2 else c for n, c in enumerate(match[0]))


def test_escaped_names_are_names() -> None:
    text = re.sub(r"\w+(?=\":)", _escaped, said())
    assert r"s\u0075m\u006da\u0072y" in text
    assert parse(text, FullAnswer) == FullAnswer.model_validate_json(said())
    assert parse(f"Here: {text}", FullAnswer) == parse(text, FullAnswer)


def test_of_a_name_that_stands_twice_the_last_value_counts() -> None:
    once = said("Entries are checked.")
    assert parse(once.replace("{", '{"summary": ["No."], ', 1), FullAnswer) == parse(once, FullAnswer)
    assert parse(once.replace("{", r'{"s\u0075mmary": [], ', 1), FullAnswer) == parse(once, FullAnswer)
    with pytest.raises(Wrong, match=r"^summary: "):
        parse(once[:-1] + ', "summary": []}', FullAnswer)


def test_strings_may_hold_line_breaks() -> None:
    broken = said("Entries are checked. Old ones are refused.").replace("checked. Old", "checked.\n\tOld")
    assert parse(broken, FullAnswer).summary == ["Entries are checked.\n\tOld ones are refused."]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("I'm sorry, but I can't help with that.", "refused"),
        ("抱歉，我无法协助处理这个请求。", "refused"),
        ("Nothing.", "invalid"),
        (said()[:200], "invalid"),
        (said().replace(":", "=", 2).rstrip("}"), "invalid"),
        (said(summary_="x").replace('"summary"', '"sum"'), "invalid"),
        ('{"a":' * 50_000, "invalid"),
        ("{" * 100_000, "invalid"),
    ],
)
def test_what_is_no_answer_is_told_so(text: str, outcome: str) -> None:
    with pytest.raises(Wrong) as wrong:
        parse(text, FullAnswer)
    assert wrong.value.outcome == outcome


def test_a_complaint_names_the_field() -> None:
    with pytest.raises(Wrong, match=r"risks\.0\.severity: Input should be 'high', 'medium' or 'low'"):
        parse(said(risks=[{"severity": "grave", "text": "x"}]), FullAnswer)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (answer("{", "length"), "cut"),
        (answer("", "content_filter"), "filtered"),
        (answer(" \n", "stop"), "empty"),
        (answer("", ""), "empty"),
        (answer("", "stop", "no"), "refused"),
    ],
)
def test_replies_without_an_answer(reply: Any, outcome: str) -> None:
    with pytest.raises(Wrong) as wrong:
        text_of(reply)
    assert wrong.value.outcome == outcome


@pytest.mark.parametrize(
    "text", ["旧代码无法处理这种情况。", "Callers cannot provide a key.", "The title says “I can't help”."]
)
def test_a_statement_about_code_is_no_refusal(text: str) -> None:
    assert not refuses(text)


@given(st.text(max_size=60), st.text(max_size=60), st.lists(st.text(max_size=40), min_size=1, max_size=4))
def test_any_text_round_trips_through_any_talk(before: str, after: str, findings: list[str]) -> None:
    body = json.dumps({"findings": findings, "risks": []})
    assert parse(f"{before.replace('{', '(')}{body}{after}", PartAnswer).findings == findings


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(Wrong):
        parse(text, FullAnswer)
