"""An undisturbed run, and an installation to disturb."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.kafka import crowd
from tests.faults.kafka.organisation import Organisation
from tests.faults.kafka.portion import PORTIONS
from tests.faults.kafka.sight import Sights, look
from tests.gitrepo import GitRepo
from tests.servers.clickhouse import ClickHouse, clickhouse
from tests.servers.kafka import Kafka

__all__ = ["clickhouse"]
SEED = int(os.environ.get("FAULTS_SEED") or time.time())


@pytest.fixture(scope="session")
def repo(tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    return crowd.build(tmp_path_factory.mktemp("crowd") / "rocket")


@pytest.fixture(scope="session")
def undisturbed(
    _kafka: Kafka, clickhouse: ClickHouse, repo: GitRepo, tmp_path_factory: pytest.TempPathFactory
) -> Sights:
    """What is seen of an installation that nothing happens to: at first, and after each portion of more work."""
    with Organisation(tmp_path_factory.mktemp("undisturbed"), _kafka, clickhouse, repo) as organisation:
        began = time.monotonic()
        organisation.begin(workers=2)
        organisation.until_settled()
        print(f"undisturbed: {time.monotonic() - began:.1f} s")  # noqa: T201
        sights = [look(organisation)]
        while organisation.portions < PORTIONS:
            organisation.more()
            organisation.until_settled()
            sights.append(look(organisation))
        organisation.end()
        return sights


@pytest.fixture
def organisation(
    kafka: Kafka, clickhouse: ClickHouse, repo: GitRepo, tmp_path: Path, undisturbed: Sights
) -> Iterator[Organisation]:
    with Organisation(tmp_path / "home", kafka, clickhouse, repo) as made:
        yield made


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> random.Random:
    """The lots of a test, from the seed that it prints."""
    print(f"FAULTS_SEED={SEED}")  # noqa: T201 shown when it fails
    return random.Random(f"{SEED} {request.node.name}")
