"""Numbered migrations, `NNN_name.sql`, each applied once, in order.

ClickHouse has no transactions around DDL: every statement may be run again, and a migration is written down after its
last one, so a crash anywhere is repaired by the next start.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

from schemas.errors import CorruptData
from streams.failpoint import failpoint
from streams.store.address import Address
from streams.store.token import statements

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

FOLDER: Traversable = files("streams.store") / "migrations"
_LEDGER = """CREATE TABLE IF NOT EXISTS migrations (
    number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
) ENGINE = ReplacingMergeTree ORDER BY (number, checksum)"""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def available(folder: Traversable = FOLDER) -> list[Migration]:
    """The migrations of this program, in order."""
    found = [
        Migration(int(file.name[:3]), file.name, file.read_text("utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found, key=lambda migration: migration.number)


def migrate(client: Client, address: Address, migrations: list[Migration]) -> list[int]:
    """Bring the store's database up to date, and point the client at it; returns the numbers that were applied.

    Raises CorruptData when what was applied is not what this program holds.
    """
    _create_database(client, address.database)
    client.database = address.database
    client.command(_LEDGER)
    pending = _pending(address, migrations, _applied(client))
    for migration in pending:
        _apply(client, migration)
    return [migration.number for migration in pending]


def _create_database(client: Client, name: str) -> None:
    known = client.query("SELECT 1 FROM system.databases WHERE name = %(name)s", parameters={"name": name}).result_rows
    if not known:  # who may not create databases can be given one
        client.command(f"CREATE DATABASE IF NOT EXISTS {name}")


def _applied(client: Client) -> dict[int, str]:
    rows = client.query("SELECT number, checksum FROM migrations FINAL").result_rows
    return {int(number): str(checksum) for number, checksum in rows}


def _pending(address: Address, migrations: list[Migration], applied: dict[int, str]) -> list[Migration]:
    newer = applied.keys() - {migration.number for migration in migrations}
    if newer:
        raise CorruptData(
            f"the store at {address} was made by a newer Commitwire (migration {max(newer)}); upgrade this one"
        )
    for migration in migrations:
        if applied.get(migration.number, migration.checksum) != migration.checksum:
            raise CorruptData(
                f"migration {migration.name} is not the one that was applied to the store at {address}; "
                "reinstall Commitwire, or add a new migration instead of changing one"
            )
    return [migration for migration in migrations if migration.number not in applied]


def _apply(client: Client, migration: Migration) -> None:
    for statement in statements(migration.sql):
        client.command(statement)
        failpoint("migration.after_statement")
    client.insert(
        "migrations", [[migration.number, migration.name, migration.checksum]], ["number", "name", "checksum"]
    )
