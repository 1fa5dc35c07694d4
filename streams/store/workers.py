"""Leases of workers that share a store. The server's clock decides: those of the workers may differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.store.selection import query

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


def renew(client: Client, worker: str, version: int, seconds: float) -> int:
    """Say that a worker lives for so long at least; how many do now. `version` rises with each call."""
    until = "now64(3, 'UTC') + toIntervalMillisecond(%(milliseconds)s)"
    client.command(
        f"INSERT INTO workers SELECT %(worker)s, {until}, %(version)s",
        parameters={"worker": worker, "milliseconds": round(1000 * seconds), "version": version},
    )
    [(living,)] = query(client, "SELECT count() FROM workers FINAL WHERE until > now64(3, 'UTC')")
    return int(living)
