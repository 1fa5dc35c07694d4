"""`commitwire schemas`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from schemas import asyncapi
from schemas.errors import Misuse
from schemas.topics import EVENTS
from streams.config import Settings
from streams.transports.broker import LARGEST_RECORD


def schemas(
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write one file for each instead.")] = None,
) -> None:
    """JSON Schema of every event, and `asyncapi`, the topics that carry them: one object, or files in a directory."""
    found = _found()
    if out is None:
        typer.echo(json.dumps(found, indent=1))
        return
    try:
        _write(found, out)
    except OSError as error:
        raise Misuse(f"--out: {error.filename} cannot be written: {error.strerror}; name another directory") from error


def _write(found: dict[str, Any], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, schema in found.items():
        path = out / f"{name}.json"
        path.write_text(json.dumps(schema, indent=1) + "\n")
        typer.echo(path)


def _found() -> dict[str, Any]:
    usual = Settings()
    topics = asyncapi.document(partitions=usual.partitions, replicas=usual.replication, largest=LARGEST_RECORD)
    return {**{event.type_name(): event.model_json_schema() for event in EVENTS}, "asyncapi": topics}
