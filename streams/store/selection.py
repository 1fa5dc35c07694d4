"""Reading rows in a client's thread: keys in statements of bounded size, rows under the names of their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from streams.store.tables import Relation

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

Key = tuple[str, str]  # (repo, sha)
Fields = dict[str, Any]
KEYS_LIMIT = 1_000  # keys in one statement
# bytes of keys in one statement, which may name them four times: servers read at most 256 KB
SIZE_LIMIT = 54_000
# As one text: the engine would read a list of so many tuples for longer than it looks for their rows.
OF_KEYS = "repo IN %(repos)s AND sha IN splitByChar(' ', %(shas)s)"
_QUOTES = 8  # bytes around a key


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


def query(client: Client, sql: str, /, **parameters: Any) -> list[tuple[Any, ...]]:
    """The rows of a statement.

    They are streamed: an answer that a server has to hold back until it is whole goes through a file, and when the
    server's disk is full it arrives empty, without an error.
    """
    with client.query_row_block_stream(sql, parameters=parameters) as stream:
        return [tuple(row) for block in stream for row in block]


def query_of(client: Client, keys: Iterable[Key], sql: str, /, **parameters: Any) -> Iterator[tuple[Any, ...]]:
    """The rows about the keys, of a statement that has OF_KEYS where it selects; they begin with repo and sha."""
    for chunk in chunks(keys):
        wanted = set(chunk)  # a fork has the shas of another repository
        repos, shas = ({key[part]: None for key in chunk} for part in (0, 1))
        for row in query(client, sql, repos=tuple(repos), shas=" ".join(shas), **parameters):
            if row[:2] in wanted:
                yield row


def select(client: Client, table: Relation, where: str, **parameters: Any) -> Iterator[Fields]:
    """The rows of a table, each thing once, in its last state."""
    for row in query(client, _statement(table, where), **parameters):
        yield dict(zip(table.columns, row, strict=True))


def select_of(
    client: Client, keys: Iterable[Key], table: Relation, also: str = "", **parameters: Any
) -> Iterator[Fields]:
    """As `select`, what a table has about the keys. `also` is SQL: a further condition, or an order."""
    for row in query_of(client, keys, _statement(table, f"{OF_KEYS} {also}"), **parameters):
        yield dict(zip(table.columns, row, strict=True))


def _statement(table: Relation, where: str) -> str:
    columns = ", ".join(f"`{column}`" for column in table.columns)
    return f"SELECT {columns} FROM {table.name} FINAL WHERE {where}"
