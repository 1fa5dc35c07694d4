"""The scripted model's answers satisfy the schemas that pydantic writes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.llm.filling import fill


class Tier(StrEnum):
    HIGH = "high"
    LOW = "low"


class Risk(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(max_length=20)]
    severity: Literal["low", "high"]


class Everything(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tier: Tier
    kinds: Annotated[list[Tier], Field(min_length=1, max_length=1)]
    risks: list[Risk]
    maybe: str | None
    kind: Literal["only"]
    count: Annotated[int, Field(ge=3)]
    share: Annotated[float, Field(le=0.5)]
    sure: bool
    inside: Everything | None = None


def test_a_filled_schema_satisfies_its_model() -> None:
    schema = Everything.model_json_schema()
    schema["$defs"]["Everything"]["properties"].pop("inside", None)
    schema = {**schema["$defs"]["Everything"], "$defs": schema["$defs"]}
    value = Everything.model_validate(fill(schema, lambda name: f"{name} of the commit, in words"))
    assert value.maybe == "maybe of the commit, in words"
    assert [risk.text for risk in value.risks] == ["text of the commit, "] * 2


def test_a_schema_of_nothing_is_filled() -> None:
    assert fill({"type": "null"}, str) is None
    assert fill({"type": ["null", "boolean"]}, str) is True
    assert fill({"type": "object"}, str) == {}
