"""What is remembered of endpoints across restarts: the record of agents.llm.port, in the store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from agents.llm.port import Health
from streams.store.batch import insert
from streams.store.lane import Lane
from streams.store.selection import query
from streams.store.tables import ENDPOINTS

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_HEALTH = TypeAdapter(Health)


class StoreHealth:
    """Implements HealthRecord; the health that was saved last is loaded."""

    def __init__(self, readers: Lane, writer: Lane) -> None:
        self._readers = readers
        self._writer = writer

    async def load(self, endpoint: str) -> Health:
        """What is remembered of the endpoint; of one never heard of, nothing."""
        return (await self._readers.run(partial(_load, endpoint=endpoint)))[1]

    async def save(self, endpoint: str, health: Health) -> None:
        """Durable on return."""
        await self._writer.run(partial(_save, endpoint=endpoint, health=health))


def _load(client: Client, endpoint: str) -> tuple[int, Health]:
    sql = "SELECT version, health FROM endpoints FINAL WHERE endpoint = %(endpoint)s"
    for version, health in query(client, sql, endpoint=endpoint):
        return version, _HEALTH.validate_json(health)
    return 0, Health()


def _save(client: Client, endpoint: str, health: Health) -> None:
    version, present = _load(client, endpoint)
    if health != present:
        insert(client, ENDPOINTS, [(endpoint, _HEALTH.dump_json(health).decode(), version + 1)])
