"""Rows in pieces of bounded size, turned into columns: what the client inserts fastest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from streams.store.rows import Row
from streams.store.tables import Relation

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

ROW_LIMIT = 20_000
SIZE_LIMIT = 16 * 1024 * 1024  # characters, about


def pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows in order, in lists of at most ROW_LIMIT rows and about SIZE_LIMIT characters."""
    piece: list[Row] = []
    size = 0
    for row in rows:
        piece.append(row)
        size += _size(row)
        if len(piece) >= ROW_LIMIT or size >= SIZE_LIMIT:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _size(row: Row) -> int:
    total = 0
    for value in row:
        if isinstance(value, str):
            total += len(value)
        elif isinstance(value, list | tuple):
            total += sum(len(item) for item in value if isinstance(item, str))
    return total


def insert(client: Client, table: Relation, rows: Iterable[Row]) -> None:
    """Insert the rows; they are on the disk on return. Repeating it changes nothing."""
    for piece in pieces(rows):
        client.insert(
            table.name,
            list(zip(*piece, strict=True)),
            column_names=list(table.columns),
            column_type_names=list(table.columns.values()),
            column_oriented=True,
        )
