from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import Misuse
from streams.store.address import Address, parse


def test_an_embedded_store_is_a_directory() -> None:
    assert parse("chdb:///var/lib/a%20b") == Address(directory=Path("/var/lib/a b"))


def test_a_served_store_has_a_user_and_a_database() -> None:
    assert parse("clickhouse://app:p%40ss@db.example:9000/facts") == Address(
        host="db.example", port=9000, user="app", password="p@ss", database="facts"
    )


def test_what_is_left_out_has_a_default() -> None:
    assert parse("clickhouses://db.example") == Address(host="db.example", port=8443, secure=True)
    assert parse("clickhouse://db.example").port == 8123


def test_a_password_is_never_shown() -> None:
    address = parse("clickhouse://app:secret@db/facts")
    assert str(address) == "clickhouse://app:***@db:8123/facts"
    assert "secret" not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "chdb://relative/dir",
        "chdb:///",
        "chdb:///a?b=c",
        "clickhouse:///db",
        "clickhouse://u:secret@h:port/db",
        "clickhouse://u:secret@h/a-b",
        "clickhouse://u:secret@h/db?x=1",
        "http://u:secret@h/db",
    ],
)
def test_anything_else_is_misuse_and_keeps_the_password(url: str) -> None:
    with pytest.raises(Misuse) as caught:
        parse(url)
    assert "secret" not in str(caught.value)
