from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

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


def test_a_served_store_has_options(tmp_path: Path) -> None:
    authority = tmp_path / "an authority.pem"
    authority.touch()
    assert parse("clickhouse://db/facts?cluster=main").cluster == "main"
    told = parse(f"clickhouses://db/facts?cluster=main-1&ca={quote(str(authority))}")
    assert (told.cluster, told.authority) == ("main-1", authority)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("clickhouse://db/facts?ca=/a.pem", "clickhouse:// has no option 'ca'; it has cluster"),
        ("clickhouses://db/facts?verify=0", "clickhouses:// has no option 'verify'; it has ca and cluster"),
        ("clickhouses://db/facts?ca=a.pem", "absolute path of a PEM file, and 'a.pem' is none"),
        ("clickhouses://db/facts?ca=/not/there.pem", "absolute path of a PEM file, and '/not/there.pem' is none"),
        ("clickhouse://db/facts?cluster=a'b", "no name of a cluster"),
        ("clickhouse://db/facts?cluster=", "no name of a cluster"),
        ("chdb:///dir?cluster=main", "takes no options"),
    ],
)
def test_an_option_that_is_none_is_named(url: str, said: str) -> None:
    with pytest.raises(Misuse, match=re.escape(said)):
        parse(url)


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
