"""A fresh home for every test, and a repository with a few days of work.

TEST_BACKEND=tansu or kafka runs the same stories on a broker of that kind and a ClickHouse server.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo
from tests.servers.brokers import new_namespace
from tests.servers.clickhouse import ClickHouse, fresh_database

BACKEND = os.environ.get("TEST_BACKEND", "embedded")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of what only the embedded log and store have are left out on servers."""
    if BACKEND != "embedded":
        left_out = [item for item in items if item.get_closest_marker("embedded")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def servers(request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment of a program that uses a broker and a store of the test's own."""
    if BACKEND == "embedded":
        return {}
    store: ClickHouse = request.getfixturevalue("clickhouse")
    return {
        "COMMITWIRE_BROKER": new_namespace(request.getfixturevalue(BACKEND)),
        "COMMITWIRE_STORE": store.url(fresh_database()),
        "COMMITWIRE_PARTITIONS": "2",
        "COMMITWIRE_SESSION_SECONDS": "3",
    }


@pytest.fixture
def commitwire(tmp_path: Path, servers: dict[str, str]) -> Commitwire:
    home = tmp_path / "home"
    home.mkdir()
    return Commitwire(home, environment=servers)


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "rocket")
