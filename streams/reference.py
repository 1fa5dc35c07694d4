"""The configuration reference, made from the code: `python -m streams.reference > docs/configuration.md`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from agents.llm.settings import EndpointSettings
from streams.config import Settings

MONEY = {"budget_money", "input_price", "output_price"}
TYPES: Mapping[object, str] = {
    str: "text",
    SecretStr: "text",
    bool: "`true` or `false`",
    int: "whole number",
    float: "number",
    Path: "path",
}
TABLE = """| key | type | default | meaning |
|---|---|---|---|
"""
HEAD = f"""# Configuration

<!-- made by `make docs` from streams/config.py and agents/llm/settings.py -->

`commitwire.toml` is read from `--config FILE`, else `$COMMITWIRE_CONFIG`, else the current directory, else the user's
configuration directory. Every key but `endpoints` can be set as `COMMITWIRE_KEY` in the environment, too (lists
separated by commas); options of a command win over both. `${{NAME}}` in a value stands for an environment variable, so
that passwords and keys need not stand in files; where a value is shown, they are masked. All keys are optional.

A relative path in the file (`data`, `out`, `templates`, `rubric`, `prompts`, and the paths among `repos`) starts at the
directory of the file; in the environment and in options it starts at the working directory.

{TABLE}"""

ENDPOINTS = f"""
## Endpoints

Each `[[endpoints]]` is an OpenAI-compatible endpoint, the preferred one first; where one has no answer, the next is
asked. Only `url` is required. [Models](llm.md) has a file for each of the usual ones. Without `[[endpoints]]`,
`OPENAI_BASE_URL` and `OPENAI_API_KEY` name one; the key alone names none, unless `--llm` or `llm = true` says so.

{TABLE}"""

TAIL = """
Money is in whatever currency the prices are given in.

## Tests and trials

Two more variables are for tests and trials: `COMMITWIRE_CLOCK=FILE` reads the present instant from a file, and
`COMMITWIRE_KILL_AT=POINT:N` kills the process when it passes a named point of the flow for the N-th time.

## Example

```toml
# commitwire.toml
repos = ["/srv/git/rocket.git", "acme/engine=https://github.com/acme/engine.git"]
zone = "Europe/Berlin"
language = "en"
out = "/srv/reports"
```
"""


def reference() -> str:
    """The whole page."""
    return HEAD + _rows(Settings.model_fields) + ENDPOINTS + _rows(EndpointSettings.model_fields) + TAIL


def _rows(fields: Mapping[str, FieldInfo]) -> str:
    return "".join(
        f"| `{key}` | {_type(key, field)} | {_default(field)} | {field.description} |\n"
        for key, field in fields.items()
    )


def _type(key: str, field: FieldInfo) -> str:
    return "money" if key in MONEY else _named(field.annotation)


def _named(annotation: Any) -> str:
    """How people call the type; KeyError for one that has no name yet."""
    arguments = [argument for argument in get_args(annotation) if argument is not NoneType]
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(map(_named, arguments))
    if get_origin(annotation) is tuple:
        return "tables" if arguments[0] is EndpointSettings else "list of texts"
    return TYPES[annotation]


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if field.is_required():
        return "required"
    if field.default_factory is not None:
        return "the user's data directory"
    if isinstance(value, SecretStr) or value in ("", None, ()):
        return "–"
    return f"`{_written(value)}`"


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.stdout.write(reference())
