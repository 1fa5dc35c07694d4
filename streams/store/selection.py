"""Reading rows in a client's thread: keys in statements of bounded size, rows under the names of their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from streams.store.tables import Relation

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

Key = tuple[str, str]  # (repo, sha)
Fields = dict[str, Any]
KEYS_LIMIT = 1_000  # keys in one statement
# bytes of keys in one statement, which may name them three times: servers read at most 256 KB
SIZE_LIMIT = 72_000
_QUOTES = 8  # bytes around a key
_FINAL = "SETTINGS do_not_merge_across_partitions_select_final = 1"


def chunks(keys: Iterable[Key]) -> Iterator[tuple[Key, ...]]:
    """The keys in their order, each once, in lists that fit into a statement."""
    chunk: list[Key] = []
    size = 0
    for key in sorted(set(keys)):
        more = sum(len(part.encode("utf-8", "replace")) for part in key) + _QUOTES
        if chunk and (len(chunk) == KEYS_LIMIT or size + more > SIZE_LIMIT):
            yield tuple(chunk)
            chunk, size = [], 0
        chunk.append(key)
        size += more
    if chunk:
        yield tuple(chunk)


def query(client: Client, sql: str, **parameters: Any) -> Sequence[Sequence[Any]]:
    """The rows of a statement whose tables are read with FINAL."""
    return client.query(f"{sql} {_FINAL}", parameters=parameters).result_rows


def select(client: Client, table: Relation, where: str, **parameters: Any) -> Iterator[Fields]:
    """The rows of a table, each thing once, in its last state."""
    columns = ", ".join(f"`{column}`" for column in table.columns)
    for row in query(client, f"SELECT {columns} FROM {table.name} FINAL WHERE {where}", **parameters):
        yield dict(zip(table.columns, row, strict=True))
