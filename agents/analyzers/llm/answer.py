"""The answers that a model is asked for, and their JSON schemas, as strict endpoints want them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from schemas.analyses import DIMENSIONS, ChangeType, Depth
from schemas.scores import Tier

Asked: TypeAlias = Literal["deep", "standard", "brief"]
ASKED: tuple[Asked, ...] = ("deep", "standard", "brief")
_INSIGHTS = dict.fromkeys(DIMENSIONS, 3)
_ONE_INSIGHT = dict.fromkeys(DIMENSIONS, 1)
BOUNDS: Mapping[str, Mapping[str, int]] = {  # items of a list at most; what is beyond them is not read
    "deep": {"change_types": 3, "summary": 4, "scope": 5, "risks": 5, "suggestions": 5, **_INSIGHTS},
    "standard": {"change_types": 3, "summary": 3, "scope": 3, "risks": 3, "suggestions": 3, **_ONE_INSIGHT},
    "brief": {"change_types": 2, "summary": 1},
    "part": {"findings": 12, "risks": 4},
    "opening": {"sentences": 5},
}
_LEAST = {"change_types": 1, "summary": 1, "scope": 1, "findings": 1, "sentences": 3}


class Said(BaseModel):
    """What a model said; fields it was not asked for are not read."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=False)


class Opinion(Said):
    """How important the commit is, and why."""

    tier: Tier
    reason: str


class Danger(Said):
    """Something that may go wrong."""

    severity: Literal["high", "medium", "low"]
    text: str


class Dimensions(Said):
    """What the change means, dimension by dimension."""

    architecture: list[str]
    performance: list[str]
    security: list[str]
    maintainability: list[str]
    compatibility: list[str]
    tests: list[str]


class BriefAnswer(Said):
    """What one asks of a commit of little weight."""

    change_types: list[ChangeType] = Field(min_length=1)
    summary: list[str] = Field(min_length=1)
    importance: Opinion


class FullAnswer(BriefAnswer):
    """What one asks of all others."""

    scope: list[str]
    insights: Dimensions
    risks: list[Danger]
    suggestions: list[str]


class PartAnswer(Said):
    """What was found in one part of a diff that is read in parts."""

    findings: list[str] = Field(min_length=1)
    risks: list[Danger]


class OpeningAnswer(Said):
    """A day in a few sentences."""

    sentences: list[str] = Field(min_length=1)


def model_of(depth: Depth) -> type[BriefAnswer]:
    """The answer that a depth asks for."""
    return BriefAnswer if depth == "brief" else FullAnswer


def schema_of(model: type[Said], bounds: str) -> dict[str, Any]:
    """The JSON schema: every field required, none besides, no references, no defaults; lists as BOUNDS says."""
    schema = model.model_json_schema()
    strict: dict[str, Any] = _strict(schema, schema.get("$defs", {}), BOUNDS[bounds], "")
    return strict


def _strict(node: Mapping[str, Any], defs: Mapping[str, Any], bounds: Mapping[str, int], name: str) -> dict[str, Any]:
    if "$ref" in node:
        return _strict(defs[node["$ref"].rsplit("/", 1)[1]], defs, bounds, name)
    if node.get("type") == "object":
        fields = {key: _strict(value, defs, bounds, key) for key, value in node["properties"].items()}
        return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    if node.get("type") == "array":
        items = _strict(node["items"], defs, bounds, name)
        return {"type": "array", "items": items, "minItems": _LEAST.get(name, 0), "maxItems": bounds[name]}
    return {key: value for key, value in node.items() if key in ("type", "enum")}
