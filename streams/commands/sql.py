"""`commitwire sql`."""

from __future__ import annotations

import asyncio
import csv
import json
import math
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from schemas.errors import Misuse
from streams.cell import text
from streams.commands import options
from streams.commands.grid import print_table
from streams.config import Settings
from streams.store.question import Table
from streams.visitor import asked


def sql(
    query: Annotated[
        str, typer.Argument(metavar="SELECT…", help="One statement that reads; docs/sql.md has examples.")
    ],
    format: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
    data: options.DataDirectory = None,
    config: options.ConfigFile = None,
) -> None:
    """Ask the store: read-only SQL over all that was collected."""
    if format not in WRITERS:
        raise Misuse(f"--format: {format!r} is no format; write {', '.join(WRITERS)}")
    settings = options.settings(config, data)
    WRITERS[format](asyncio.run(_select(settings, query)))


async def _select(settings: Settings, query: str) -> Table:
    async with asked(settings) as store:
        return await store.select(query)


def _as_table(table: Table) -> None:
    print_table(table.columns, ([text(value) for value in row] for row in table.rows))


def _as_json(table: Table) -> None:
    rows = [dict(zip(table.columns, map(_plain, row), strict=True)) for row in table.rows]
    typer.echo(json.dumps(rows, ensure_ascii=False, indent=1, default=text, allow_nan=False))


def _plain(value: Any) -> Any:
    """What JSON has a form for: numbers that are not finite become null, keys become text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {text(key): _plain(item) for key, item in value.items()}
    return value


def _as_csv(table: Table) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([[text(value) for value in row] for row in table.rows])


WRITERS: dict[str, Callable[[Table], None]] = {"table": _as_table, "json": _as_json, "csv": _as_csv}
