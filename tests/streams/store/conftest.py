"""Stores to test: always embedded ones, and served ones when TEST_CLICKHOUSE holds the URL of a server."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.store.address import parse
from streams.store.client import connect
from tests.streams.store.memory import Memory, opened

SERVER = os.environ.get("TEST_CLICKHOUSE", "")
BACKENDS = ["chdb", *(["clickhouse"] if SERVER else [])]


def urls(backend: str, directory: Path) -> Iterator[str]:
    """The URL of a store that does not exist yet."""
    if backend == "chdb":
        yield f"chdb://{directory / 'store'}"
        return
    name = f"test_{uuid.uuid4().hex}"
    yield f"{SERVER.rstrip('/')}/{name}"
    client = connect(parse(SERVER), database=False)
    client.command(f"DROP DATABASE IF EXISTS {name}")
    client.close()


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield from urls(request.param, tmp_path)


@pytest.fixture(scope="module", params=BACKENDS)
def memory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """One store for all tests of a module: an embedded engine has one directory at a time."""
    for url in urls(request.param, tmp_path_factory.mktemp("memory")):
        with opened(url) as memory:
            yield memory
