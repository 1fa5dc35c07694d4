"""How an answer in JSON is asked for: by schema, as any object, or in words alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from agents.llm.port import Message, Question

Format = Literal["json_schema", "json_object", "text"]
FORMATS: tuple[Format, ...] = ("json_schema", "json_object", "text")

# an answer that at least begins an object, however broken: broken JSON still means that the format was honoured
_OBJECT = re.compile(r"\{\s*[\"'}]")
_BLANKS_OF_A_STRANGER = 1  # a commit has three attempts, and there are three formats
_BLANKS_OF_THE_PROVEN = 5
_NOT_STRICT = {"allOf", "oneOf", "not", "if", "patternProperties", "propertyNames", "default", "dependentSchemas"}


class Formats:
    """Which format each model of an endpoint is asked in.

    A format that is refused is never asked for again. One that is ignored (answers without any JSON object, one after
    the other) is left for the next one, and for good as soon as that one brings an object.
    """

    def __init__(self, remembered: Mapping[str, str]) -> None:
        self._settled: dict[str, Format] = {m: f for m, known in remembered.items() for f in FORMATS if f == known}
        self._current: dict[str, Format] = dict(self._settled)
        self._proven: set[str] = set()
        self._blanks: dict[str, int] = {}

    def of(self, model: str) -> Format:
        """The format to ask this model in."""
        return self._current.get(model, FORMATS[0])

    @property
    def settled(self) -> dict[str, str]:
        """What is worth remembering: by model, the format that it is asked in from now on."""
        return dict(self._settled)

    def refused(self, model: str, asked: Format) -> bool:
        """The endpoint refused this format. Is there another one to ask in?"""
        below = _below(asked)
        if below is None:
            return False
        if self.of(model) == asked:
            self._go(model, below)
            self._settled[model] = below
        return True

    def answered(self, model: str, asked: Format, text: str) -> bool:
        """The model answered with this text. Did what is worth remembering change?"""
        if self.of(model) != asked:
            return False
        if not _OBJECT.search(text):
            self._blank(model, asked)
            return False
        self._blanks[model] = 0
        self._proven.add(model)
        changed = self._settled.get(model) != asked
        self._settled[model] = asked
        return changed

    def _blank(self, model: str, asked: Format) -> None:
        self._blanks[model] = self._blanks.get(model, 0) + 1
        if self._blanks[model] < (_BLANKS_OF_THE_PROVEN if model in self._proven else _BLANKS_OF_A_STRANGER):
            return
        # no format brings an object: then the format is not the reason
        self._go(model, _below(asked) or self._settled.get(model, FORMATS[0]))

    def _go(self, model: str, format: Format) -> None:
        self._current[model] = format
        self._blanks[model] = 0
        self._proven.discard(model)


def _below(format: Format) -> Format | None:
    index = FORMATS.index(format) + 1
    return FORMATS[index] if index < len(FORMATS) else None


def response_format(question: Question, format: Format) -> dict[str, Any] | None:
    """The request's `response_format`."""
    if format == "json_object":
        return {"type": "json_object"}
    if format == "text":
        return None
    schema = {"name": question.schema_name, "schema": dict(question.schema), "strict": allows_strict(question.schema)}
    return {"type": "json_schema", "json_schema": schema}


def messages(question: Question, format: Format) -> list[dict[str, str]]:
    """The request's messages; with the schema among them where it cannot stand beside them."""
    asked = list(question.messages)
    if format != "json_schema":
        schema = json.dumps(question.schema, ensure_ascii=False, separators=(",", ":"))
        words = f"Answer with one JSON object and nothing else. It must satisfy this JSON schema:\n{schema}"
        # into the first system message: some templates take only one, and only at the beginning
        if asked and asked[0].role == "system":
            asked[0] = Message("system", f"{asked[0].content}\n\n{words}")
        else:
            asked.insert(0, Message("system", words))
    return [{"role": m.role, "content": _encodable(m.content)} for m in asked]


def allows_strict(schema: object) -> bool:
    """Can an endpoint hold a model to this schema? Only if every object is closed and all its fields are required."""
    if isinstance(schema, list):
        return all(allows_strict(part) for part in schema)
    if not isinstance(schema, Mapping):
        return True
    if _NOT_STRICT & schema.keys():
        return False
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, Mapping):
        if not isinstance(properties, Mapping) or schema.get("additionalProperties") is not False:
            return False
        if set(schema.get("required", ())) != set(properties):
            return False
    # the names of properties and definitions are no keywords
    named = [v for k in ("properties", "$defs", "definitions") for v in _mapping(schema.get(k)).values()]
    others = [
        v for k, v in schema.items() if k not in ("properties", "$defs", "definitions", "enum", "const", "examples")
    ]
    return all(allows_strict(part) for part in (*named, *others))


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _encodable(text: str) -> str:
    """Commit messages may hold halves of surrogate pairs, which no request can carry."""
    return text.encode("utf-8", "replace").decode()
