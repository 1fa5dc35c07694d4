"""`commitwire schemas`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from schemas.topics import EVENTS


def schemas(
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write one file an event instead.")] = None,
) -> None:
    """JSON Schema of every event: printed as one object by type, or written to a directory."""
    found = {event.type_name(): event.model_json_schema() for event in EVENTS}
    if out is None:
        typer.echo(json.dumps(found, indent=1))
        return
    out.mkdir(parents=True, exist_ok=True)
    for name, schema in found.items():
        path = out / f"{name}.json"
        path.write_text(json.dumps(schema, indent=1) + "\n")
        typer.echo(path)
