"""What a person may ask of the store: one statement that reads its tables and nothing else.

The engine's `readonly` refuses to change data and settings. It does not refuse to write a result to a file, to read
files and to call out through functions, so those are looked for here, in the text as the engine itself understood it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.errors import Misuse
from streams.store.failure import first_line
from streams.store.token import Token, tokens

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_READING = {"select", "with", "show", "describe", "desc", "explain", "exists", "from"}
_HARMLESS = {
    *("numbers", "numbers_mt", "zeros", "zeros_mt", "primes", "generateseries", "generate_series", "generaterandom"),
    *("values", "null", "view", "viewexplain", "viewifpermitted", "merge", "format"),
}
_REACHING = {
    *("file", "hascolumnintable", "reversednsquery", "catboostevaluate", "sleep", "sleepeachrow"),
    *("getclienthttpheader",),
}
_ONLY_READING = "only one reading statement is allowed: SELECT, WITH, SHOW, DESCRIBE or EXPLAIN"


def check(client: Client, sql: str) -> None:
    """Raises Misuse, with one sentence, for anything but one statement that reads the store."""
    understood = [token for token in tokens(_understood(client, sql)) if token.kind != "blank"]
    if not understood or understood[0].word not in _READING:
        raise Misuse(_ONLY_READING)
    _check_output(understood)
    _check_calls(understood, _outward(client))


def _understood(client: Client, sql: str) -> str:
    """The statement in the engine's own words: one form of quotes, no comments."""
    from clickhouse_connect.driver.exceptions import DatabaseError

    if "\0" in sql or not sql.strip():
        raise Misuse(_ONLY_READING)
    try:
        rows = client.query("SELECT formatQuerySingleLine(%(sql)s)", parameters={"sql": sql}).result_rows
    except DatabaseError as error:
        if error.name != "SYNTAX_ERROR":
            raise
        said = first_line(error)
        raise Misuse(_ONLY_READING if "Multi-statements" in said else said.split(": In scope")[0]) from error
    return str(rows[0][0])


def _outward(client: Client) -> frozenset[str]:
    """Functions that leave the store: all table functions of this engine but the harmless, and some others."""
    rows = client.query(
        "SELECT lower(name) FROM system.table_functions "
        "UNION ALL SELECT lower(name) FROM system.functions WHERE name ILIKE 'ai%%' OR name ILIKE 'dictGet%%'"
    ).result_rows
    return frozenset(name for (name,) in rows if name not in _HARMLESS) | _REACHING


def _check_output(understood: list[Token]) -> None:
    pairs = [(a.text, b.text) for a, b in zip(understood, understood[1:], strict=False)]
    if ("INTO", "OUTFILE") in pairs:
        raise Misuse("INTO OUTFILE is not allowed: the result is returned, write it where you like")
    if any(a == "FORMAT" and b != "(" for a, b in pairs):
        raise Misuse("leave out FORMAT: the result is returned as rows")
    if ("PARALLEL", "WITH") in pairs:
        raise Misuse(_ONLY_READING)


def _check_calls(understood: list[Token], outward: frozenset[str]) -> None:
    for at, token in enumerate(understood):
        if token.word in outward and (_is_called(understood, at) or _is_applied(understood, at)):
            raise Misuse(f"{token.text} is not allowed: a query reads the tables and views of the store only")


def _is_called(understood: list[Token], at: int) -> bool:
    return at + 1 < len(understood) and understood[at + 1].text == "("


def _is_applied(understood: list[Token], at: int) -> bool:
    """`APPLY(function)` calls a function by its bare name."""
    return any(token.word == "apply" for token in understood[max(0, at - 2) : at])
