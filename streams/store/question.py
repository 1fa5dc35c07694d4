"""What a person may ask of the store: one statement that reads its tables and nothing else.

The engine's `readonly` refuses to change data and settings. It does not refuse to write a result to a file, to read
files and to call out through functions, so those are looked for here, in the text as the engine itself understood it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from schemas.errors import CorruptData, Misuse
from streams.store.client import ROWS_LIMIT
from streams.store.failure import first_line, kind_of_name
from streams.store.selection import query
from streams.store.token import Token, tokens

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_READING = {"select", "with", "show", "describe", "desc", "explain", "exists", "from"}
_HARMLESS = {
    *("numbers", "numbers_mt", "zeros", "zeros_mt", "primes", "generateseries", "generate_series", "generaterandom"),
    *("values", "null", "view", "viewexplain", "viewifpermitted", "merge", "format"),
}
# functions that read files, ask other hosts, or only wait
_REACHING = re.compile(
    "file|hascolumnintable|reversednsquery|catboostevaluate|sleep|sleepeachrow|dictget.*"
    "|ai(classify|embed|extract|filter|generate|redact|similarity|translate).*"
)
_ONLY_READING = "only one reading statement is allowed: SELECT, WITH, SHOW, DESCRIBE or EXPLAIN"


@dataclass(frozen=True, slots=True)
class Table:
    """An answer: the names of its columns, and its rows in their order."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


def ask(client: Client, sql: str, limit_rows: int | None) -> Table:
    """The first `limit_rows` rows of the answer. Raises Misuse for what may not be asked and for wrong SQL."""
    from clickhouse_connect.driver.exceptions import DatabaseError

    form = check(client, sql)
    try:
        return (_read if form == "select" else _describe)(client, sql.strip().rstrip(";"), limit_rows)
    except DatabaseError as error:
        if error.name is None or kind_of_name(error.name) is CorruptData:
            raise
        raise Misuse(first_line(error)) from error


def _read(client: Client, sql: str, limit_rows: int | None) -> Table:
    """Read block by block and stop early: the engine stops too."""
    limit = ROWS_LIMIT + 1 if limit_rows is None else limit_rows
    rows: list[tuple[Any, ...]] = []
    with client.query_row_block_stream(sql) as stream:
        columns = list(stream.source.column_names)
        for block in stream:
            rows.extend(map(tuple, block))
            if len(rows) >= limit:
                break
    if limit_rows is None and len(rows) > ROWS_LIMIT:
        raise Misuse(f"the answer has more than {ROWS_LIMIT:,} rows; add a LIMIT or aggregate")
    return Table(columns, rows[:limit])


def _describe(client: Client, sql: str, limit_rows: int | None) -> Table:
    """Statements that are no SELECT answer at once, and briefly."""
    result = client.query(sql)
    return Table(list(result.column_names), [tuple(row) for row in result.result_rows][:limit_rows])


def check(client: Client, sql: str) -> str:
    """The statement's first word; raises Misuse, with one sentence, for anything but one that reads the store."""
    understood = [token for token in tokens(_understood(client, sql)) if token.kind != "blank"]
    if not understood or understood[0].word not in _READING:
        raise Misuse(_ONLY_READING)
    _check_output(understood)
    _check_calls(understood, _outward(client))
    return understood[0].word


def _understood(client: Client, sql: str) -> str:
    """The statement in the engine's own words: one form of quotes, no comments."""
    from clickhouse_connect.driver.exceptions import DatabaseError

    if "\0" in sql or not sql.strip():
        raise Misuse(_ONLY_READING)
    try:
        rows = query(client, "SELECT formatQuerySingleLine(%(sql)s)", sql=sql)
    except DatabaseError as error:
        if error.name != "SYNTAX_ERROR":
            raise
        said = first_line(error)
        raise Misuse(_ONLY_READING if "Multi-statements" in said else _without_grammar(said)) from error
    return str(rows[0][0])


def _without_grammar(said: str) -> str:
    """Where the error is, without the list of everything that could stand there."""
    return said.split(": In scope")[0].split(". Expected one of")[0]


def _outward(client: Client) -> frozenset[str]:
    """The table functions of this engine but the harmless ones."""
    rows = query(client, "SELECT lower(name) FROM system.table_functions")
    return frozenset({str(name) for (name,) in rows} - _HARMLESS)


def _check_output(understood: list[Token]) -> None:
    pairs = [(a.text, b.text) for a, b in pairwise(understood)]
    if ("INTO", "OUTFILE") in pairs:
        raise Misuse("INTO OUTFILE is not allowed: the result is returned, write it where you like")
    if any(a == "FORMAT" and b != "(" for a, b in pairs):
        raise Misuse("leave out FORMAT: the result is returned as rows")
    if ("PARALLEL", "WITH") in pairs:
        raise Misuse(_ONLY_READING)


def _check_calls(understood: list[Token], tables: frozenset[str]) -> None:
    for word in _words(understood):
        if word.is_called and (word.name in tables or _REACHING.fullmatch(word.name)):
            raise Misuse(f"{word.token.text} is not allowed: a query reads the tables and views of the store only")
        if word.may_be_called and _REACHING.fullmatch(word.name):
            raise Misuse(
                f"{word.token.text} is not allowed here: it is also a function that reaches beyond the store;"
                " choose another name"
            )


@dataclass(frozen=True, slots=True)
class _Word:
    """A name where it stands: what is before and after it, and whether it is in the parentheses of a call."""

    before: Token
    token: Token
    after: Token
    in_call: bool

    @property
    def name(self) -> str:
        return self.token.word

    @property
    def is_called(self) -> bool:
        return self.after.text == "("

    @property
    def may_be_called(self) -> bool:
        """A function needs no parentheses: `arrayMap(name, …)`, `APPLY name` and `name AS f … arrayMap(f, …)` call it.

        A name that is given to something else (`… AS name`) calls nothing, nor does one that is selected, compared,
        grouped or sorted by: where it stands alone, outside the parentheses of any call, it is a column.
        """
        if self.is_called:
            return True
        if self.before.text == "AS":
            return False
        return self.in_call or self.before.text == "APPLY" or self.after.text == "AS"


def _words(understood: list[Token]) -> Iterator[_Word]:
    """The names of a statement. Parentheses around a subquery are those of no call."""
    end = Token("sign", ";")
    calls = [False]
    for before, token, after in zip([end, *understood], understood, [*understood[1:], end], strict=False):
        if token.text == "(":
            calls.append(after.text not in ("SELECT", "WITH"))
        elif token.text == ")":
            calls.pop()
        elif token.word:
            yield _Word(before, token, after, calls[-1])
