"""Numbered migrations, `NNN_name.sql`, each applied once, in order.

ClickHouse has no transactions around DDL: every statement may be run again, and a migration is written down after its
last one, so a crash anywhere is repaired by the next start. Several processes may do the same at once.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

from schemas.errors import CorruptData
from streams.failpoint import failpoint
from streams.store.address import Address
from streams.store.cluster import clustered, on_cluster
from streams.store.selection import query
from streams.store.token import statements

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

FOLDER: Traversable = files("streams.store") / "migrations"
LEDGER = """CREATE TABLE IF NOT EXISTS migrations (
    number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
) ENGINE = ReplacingMergeTree ORDER BY (number, checksum)"""

_OF_MERGES = re.compile(r"ALTER TABLE \w+ MODIFY SETTING merge_max_")


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


def migrate(client: Client, address: Address, migrations: list[Migration]) -> None:
    """Bring the store's database up to date, and point the client at it.

    Raises CorruptData when what was applied is not what this program holds.
    """
    _create_database(client, address)
    client.database = address.database
    _create_ledger(client, address)
    for migration in _pending(address, migrations, _applied(client)):
        _apply(client, address, migration)


def _create_database(client: Client, address: Address) -> None:
    """Unless it is there: who may not create databases can be given one."""
    if not _is_there(client, "SELECT 1 FROM system.databases WHERE name = %(database)s", address):
        client.command(f"CREATE DATABASE IF NOT EXISTS {address.database}{on_cluster(address.cluster)}")


def _create_ledger(client: Client, address: Address) -> None:
    """Unless it is there: who may only read can open a store that is up to date."""
    sql = "SELECT 1 FROM system.tables WHERE database = %(database)s AND name = 'migrations'"
    if not _is_there(client, sql, address):
        _run(client, address, LEDGER)


def _is_there(client: Client, sql: str, address: Address) -> bool:
    return bool(query(client, sql, database=address.database))


def _run(client: Client, address: Address, statement: str) -> None:
    forms = clustered(statement, address.database, address.cluster) if address.cluster else [statement]
    for form in forms:
        client.command(form)


def _applied(client: Client) -> dict[int, str]:
    rows = query(client, "SELECT number, checksum FROM migrations FINAL")
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


def wanted(migration: Migration, address: Address) -> list[str]:
    """The statements of a migration that this store needs.

    How tables are merged is said to the engine in this process only: the memory of a server is its administrator's
    business, and so is the right to alter settings.
    """
    return [one for one in statements(migration.sql) if address.embedded or not _OF_MERGES.match(one)]


def _apply(client: Client, address: Address, migration: Migration) -> None:
    for statement in wanted(migration, address):
        _run(client, address, statement)
        failpoint("migration.after_statement")
    client.insert(
        "migrations", [[migration.number, migration.name, migration.checksum]], ["number", "name", "checksum"]
    )
