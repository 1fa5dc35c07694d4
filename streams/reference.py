"""The configuration reference, made from the code: `python -m streams.reference > docs/configuration.md`."""

from __future__ import annotations

import sys
from typing import Any

from pydantic.fields import FieldInfo

from streams.config import Settings

HEAD = """# Configuration

<!-- made by `make docs` from streams/config.py -->

`commitwire.toml` is read from `--config FILE`, else `$COMMITWIRE_CONFIG`, else the current directory, else the user's
configuration directory. Every key can be set as `COMMITWIRE_KEY` in the environment, too (lists separated by commas);
options of a command win over both. `${NAME}` in a value stands for an environment variable, so that passwords need not
stand in files; where a value is shown, passwords are masked. All keys are optional.

A relative path in the file (`data`, `out`, `templates`, `rubric`, and the paths among `repos`) starts at the directory
of the file; in the environment and in options it starts at the working directory.

| key | type | default | meaning |
|---|---|---|---|
"""

TAIL = """
Two more variables are for tests and trials: `COMMITWIRE_CLOCK=FILE` reads the present instant from a file, and
`COMMITWIRE_KILL_AT=POINT:N` kills the process when it passes a named point of the flow for the N-th time.

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
    return HEAD + "".join(_row(key, field) for key, field in Settings.model_fields.items()) + TAIL


def _row(key: str, field: FieldInfo) -> str:
    kind = str(getattr(field.annotation, "__name__", field.annotation)).replace("|", "or")
    return f"| `{key}` | {_type(kind, field)} | {_default(field)} | {field.description} |\n"


def _type(kind: str, field: FieldInfo) -> str:
    names = {"str": "text", "int": "number", "Path": "path", "tuple": "list of texts"}
    if "Literal" in str(field.annotation):
        return "`zh-CN` or `en`"
    return next((name for python, name in names.items() if python in kind), "path")


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if field.default_factory is not None:
        return "the user's data directory"
    if value in ("", None):
        return "–"
    return f"`{', '.join(value)}`" if isinstance(value, tuple) else f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(reference())
