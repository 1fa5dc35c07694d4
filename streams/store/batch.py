"""Rows in pieces of bounded size, turned into columns: what the client inserts fastest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from streams.store.rows import Row
from streams.store.tables import Relation

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

ROW_LIMIT = 20_000
SIZE_LIMIT = 16 * 1024 * 1024  # characters, about
MEASURED = 100  # rows that are measured together

Columns = list[tuple[Any, ...]]


def pieces(table: Relation, rows: Iterable[Row]) -> Iterator[Columns]:
    """The rows in order, as columns of at most ROW_LIMIT rows and SIZE_LIMIT characters, or MEASURED rows more."""
    waiting = iter(rows)
    piece: list[Row] = []
    size = 0
    while some := list(islice(waiting, MEASURED)):
        piece += some
        size += _size(table, some)
        if len(piece) >= ROW_LIMIT or size >= SIZE_LIMIT:
            yield list(zip(*piece, strict=True))
            piece, size = [], 0
    if piece:
        yield list(zip(*piece, strict=True))


def _size(table: Relation, rows: list[Row]) -> int:
    total = 0
    for type_, column in zip(table.columns.values(), zip(*rows, strict=True), strict=True):
        if type_ == "String":
            total += sum(map(len, column))
        elif type_ == "Array(String)":
            total += sum(map(len, chain.from_iterable(column)))
    return total


def insert(client: Client, table: Relation, rows: Iterable[Row]) -> None:
    """Insert the rows; they are on the disk on return. Repeating it changes nothing."""
    names, types = list(table.columns), list(table.columns.values())
    for columns in pieces(table, rows):
        context = client.create_insert_context(
            table.name, column_names=names, column_type_names=types, column_oriented=True
        )
        try:
            client.insert(data=columns, context=context)
        finally:
            context.data = [()]  # it refers to itself: with None, it would keep the rows until garbage is looked for
