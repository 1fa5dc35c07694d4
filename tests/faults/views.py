"""Prints every view of a store as JSON, for comparing stores: python -m tests.faults.views URL."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from streams.store.store import Store


async def views(url: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of each view, sorted."""
    store = await Store.open(url)
    try:
        names = [str(row[0]) for row in (await store.select("SHOW TABLES LIKE 'v_%'")).rows]
        return {name: await _rows(store, name) for name in names}
    finally:
        await store.close()


async def _rows(store: Store, view: str) -> list[dict[str, Any]]:
    table = await store.select(f"SELECT * FROM {view}")
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return sorted(rows, key=lambda row: json.dumps(row, default=str))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(views(sys.argv[1])), default=str))
