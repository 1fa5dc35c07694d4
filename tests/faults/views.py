"""Prints what readers see in a store as JSON, for comparing stores: python -m tests.faults.views URL."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from streams.store.store import Store

VIEWS = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'"
# no view shows it; a row that was written twice is there twice until a merge, so only what FINAL shows can be compared
TABLE = "verdicts"


async def views(url: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of each view and of the table that has none, sorted."""
    store = await Store.open(url)
    try:
        names = [str(row[0]) for row in (await store.select(VIEWS)).rows]
        return {name: await _rows(store, name) for name in names} | {TABLE: await _rows(store, f"{TABLE} FINAL")}
    finally:
        await store.close()


async def _rows(store: Store, source: str) -> list[dict[str, Any]]:
    table = await store.select(f"SELECT * FROM {source}")
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return sorted(rows, key=lambda row: json.dumps(row, default=str))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(views(sys.argv[1])), default=str))
