"""A value for a JSON schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_MOST_ITEMS = 2
_DEEPEST = 20


def fill(schema: Mapping[str, Any], say: Callable[[str], str], name: str = "") -> Any:
    """A value that satisfies `schema`, as far as pydantic writes schemas. `say` words the string field of a name."""
    return _Filling(schema.get("$defs", {}), say).value(schema, name, 0)


class _Filling:
    def __init__(self, definitions: Mapping[str, Any], say: Callable[[str], str]) -> None:
        self._definitions = definitions
        self._say = say

    def value(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        match self._kind(schema):
            case "object":
                fields = schema.get("properties", {})
                return {key: self.value(each, key, depth + 1) for key, each in fields.items()}
            case "array":
                return self._items(schema, name, depth)
            case "string":
                return self._say(name)[: schema.get("maxLength")]
            case "boolean":
                return True
            case "integer" | "number":
                return schema.get("minimum", schema.get("maximum", 1))
            case _:
                return None

    def _items(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        # a definition that holds itself comes to an end in an empty list
        wanted = min(_MOST_ITEMS, schema.get("maxItems", _MOST_ITEMS)) if depth < _DEEPEST else 0
        count = max(schema.get("minItems", 0), wanted)
        return [self.value(schema.get("items", {}), f"{name} {i + 1}", depth + 1) for i in range(count)]

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow references, and take the first alternative that is not null."""
        while True:
            if "$ref" in schema:
                schema = self._definitions[schema["$ref"].rsplit("/", 1)[1]]
                continue
            options = next((schema[k] for k in ("anyOf", "oneOf", "allOf") if k in schema), None)
            if options is None:
                return schema
            schema = next((s for s in options if s.get("type") != "null"), options[0])

    def _kind(self, schema: Mapping[str, Any]) -> str:
        kind = schema.get("type", "string")
        return kind if isinstance(kind, str) else next((k for k in kind if k != "null"), "null")
