"""ClickHouse dies, is away, or refuses, while thousands of commits are under way."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import pytest

from tests.faults.conftest import REDUCED
from tests.faults.disk import small_disk
from tests.faults.kafka import outage
from tests.faults.kafka.organisation import Organisation
from tests.faults.kafka.record import Record, moments
from tests.faults.kafka.sight import Sight
from tests.gitrepo import GitRepo
from tests.servers.clickhouse import ClickHouse
from tests.servers.kafka import Kafka

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


class Refusal(TypedDict, total=False):
    """How a server is started that will not work."""

    password: str
    readonly: bool


REFUSALS: tuple[Refusal, ...] = ({"password": "another"}, {"readonly": True})


@pytest.fixture(autouse=True)
def _well_again(clickhouse: ClickHouse) -> Iterator[None]:
    yield
    clickhouse.restart()


@pytest.mark.parametrize("run", range(1 if REDUCED else 3))
def test_clickhouse_dies_and_is_away(
    organisation: Organisation, undisturbed: Sight, draw: random.Random, run: int
) -> None:
    with Record(organisation, undisturbed) as record:
        outage.strike(record, organisation.clickhouse, "ClickHouse", draw)


@pytest.mark.parametrize("run", range(1 if REDUCED else 3))
def test_clickhouse_refuses(organisation: Organisation, undisturbed: Sight, draw: random.Random, run: int) -> None:
    """Nothing helps but a person: all end with a sentence, and go on where they were when they are started again."""
    with Record(organisation, undisturbed) as record:
        organisation.begin(workers=2)
        for moment, refusing, says in zip(moments(draw, 2), REFUSALS, ("password", "readonly"), strict=True):
            organisation.until_said(moment)
            running = [one for one in organisation.programs if one.running]
            with record.strike(f"ClickHouse refuses: {says}"):
                organisation.clickhouse.restart(**refusing)
                organisation.until_given_up(running)
                organisation.clickhouse.restart()
                organisation.ingest()
                organisation.hire()
                organisation.hire()
            assert all(says in one.said() for one in running), [one.said() for one in running]


def test_the_disk_of_clickhouse_is_full(
    kafka: Kafka, repo: GitRepo, tmp_path: Path, undisturbed: Sight, draw: random.Random
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
        running = list(organisation.working)
        organisation.given_up += organisation.programs  # the ingest may have to write something, too
        with record.strike("the disk of ClickHouse full"):
            disk.leave(200)
            organisation.until_given_up(running)
            disk.grow()
            cramped.restart()
            organisation.ingest()
            organisation.hire()
            organisation.hire()
        assert all("has no room left" in one.said() for one in running), [one.said() for one in running]
