"""Stores to test: an embedded one, and one on a ClickHouse server, our own or that of TEST_CLICKHOUSE (a store URL)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.store.address import parse
from streams.store.client import connect
from tests.servers.clickhouse import ClickHouse, fresh_database
from tests.streams.store.memory import Memory, opened

BACKENDS = ["chdb", "clickhouse"]


@pytest.fixture(scope="session")
def served(request: pytest.FixtureRequest) -> str:
    """The URL of a server, without a database."""
    if own := os.environ.get("TEST_CLICKHOUSE"):
        return own.rstrip("/")
    server: ClickHouse = request.getfixturevalue("clickhouse")
    return server.url("").rstrip("/")


def urls(request: pytest.FixtureRequest, directory: Path) -> Iterator[str]:
    """The URL of a store that does not exist yet."""
    if request.param == "chdb":
        yield f"chdb://{directory / 'store'}"
        return
    server, name = request.getfixturevalue("served"), fresh_database()
    yield f"{server}/{name}"
    client = connect(parse(server), database=False)
    client.command(f"DROP DATABASE IF EXISTS {name}")
    client.close()


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield from urls(request, tmp_path)


@pytest.fixture(scope="module", params=BACKENDS)
def memory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """One store for all tests of a module: an embedded engine has one directory at a time."""
    for url in urls(request, tmp_path_factory.mktemp("memory")):
        with opened(url) as memory:
            yield memory
