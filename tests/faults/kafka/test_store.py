"""ClickHouse dies, is away, or refuses, while thousands of commits are under way."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

import pytest

from tests.faults.conftest import REDUCED
from tests.faults.disk import small_disk
from tests.faults.kafka import outage
from tests.faults.kafka.organisation import Organisation
from tests.faults.kafka.record import Record, moments
from tests.faults.kafka.sight import Sights
from tests.gitrepo import GitRepo
from tests.servers.clickhouse import ClickHouse
from tests.servers.kafka import Kafka

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


class Refusal(TypedDict, total=False):
    """How a server is started that will not work."""

    password: str
    readonly: bool


REFUSALS: dict[str, Refusal] = {"password": {"password": "another"}, "readonly": {"readonly": True}}
TIMES = 3


@pytest.fixture(autouse=True)
def _well_again(clickhouse: ClickHouse) -> Iterator[None]:
    yield
    clickhouse.restart()


@pytest.mark.parametrize("run", range(1 if REDUCED else 3))
def test_clickhouse_dies_and_is_away(
    organisation: Organisation, undisturbed: Sights, draw: random.Random, run: int
) -> None:
    with Record(organisation, undisturbed) as record:
        outage.strike(record, organisation.clickhouse, "ClickHouse", draw)


def test_clickhouse_refuses(organisation: Organisation, undisturbed: Sights, draw: random.Random) -> None:
    """Nothing helps but a person: all end with a sentence, and go on where they were when they are started again."""
    with Record(organisation, undisturbed) as record:
        organisation.begin(workers=2)
        organisation.until_said(*moments(draw, 1))
        for says, refusing in [*REFUSALS.items()] * TIMES:
            with record.strike(f"ClickHouse refuses: {says}"), _giving_up(organisation, says):
                organisation.clickhouse.restart(**refusing)
                organisation.until_given_up(organisation.working)
                organisation.clickhouse.restart()


def test_the_disk_of_clickhouse_is_full(
    kafka: Kafka, repo: GitRepo, tmp_path: Path, undisturbed: Sights, draw: random.Random
) -> None:
    """All end with a sentence, and go on where they were when there is room and they are started again."""
    with (
        small_disk(tmp_path / "disk") as disk,
        ClickHouse(disk.path / "clickhouse") as cramped,
        Organisation(tmp_path / "home", kafka, cramped, repo) as organisation,
        Record(organisation, undisturbed) as record,
    ):
        organisation.begin(workers=2)
        organisation.until_said(*moments(draw, 1))
        for _ in range(TIMES):
            fault = "the disk of ClickHouse full, then larger"
            with record.strike(fault), _giving_up(organisation, "has no room left"):
                disk.leave(200)
                organisation.until_given_up(organisation.working)
                disk.grow()
                cramped.restart()


@contextmanager
def _giving_up(organisation: Organisation, says: str) -> Iterator[None]:
    """All end with this sentence meanwhile, but for an ingest that rests; then others are started."""
    running = [*organisation.working, *organisation.ingesting]
    organisation.given_up += running
    yield
    for one in organisation.ingesting:
        one.kill()
    assert all(says in one.said() for one in running if one.code != -9), [one.said() for one in running]
    organisation.ingest()
    organisation.hire()
    organisation.hire()
