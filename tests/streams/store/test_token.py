from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Misuse
from streams.store.migration import available
from streams.store.token import statements, tokens

PIECES = st.sampled_from(
    [
        "SELECT",
        " ",
        "\n",
        "a",
        "'x;y'",
        "'it''s'",
        "'\\''",
        '"q;"',
        "`b;`",
        "-- c;\n",
        "/* d; */",
        "$$;$$",
        "1",
        "(",
        ")",
    ]
)


@given(st.lists(PIECES).map("".join))
def test_tokens_are_the_whole_text(sql: str) -> None:
    assert "".join(token.text for token in tokens(sql)) == sql


@given(st.lists(st.lists(PIECES).map("".join), max_size=5))
def test_only_a_bare_semicolon_ends_a_statement(parts: list[str]) -> None:
    told = [part for part in parts if any(token.kind != "blank" for token in tokens(part))]
    assert len(statements(";".join(parts))) == len(told)


def test_comments_between_statements_are_dropped() -> None:
    assert statements("-- one; two\nSELECT 1; /* ; */ ; SELECT ';'") == ["SELECT 1", "SELECT ';'"]


def test_an_open_quote_is_misuse() -> None:
    with pytest.raises(Misuse, match="never closed"):
        list(tokens("SELECT 'a"))


REPEATABLE = ("CREATE TABLE IF NOT EXISTS", "CREATE OR REPLACE VIEW", "ALTER TABLE")


def test_every_migration_statement_may_be_run_again() -> None:
    for migration in available():
        for statement in statements(migration.sql):
            assert statement.startswith(REPEATABLE), statement
            assert statement.count("ADD COLUMN") == statement.count("ADD COLUMN IF NOT EXISTS"), statement
