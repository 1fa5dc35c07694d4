"""The broker dies, or is away, while thousands of commits are under way."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.conftest import REDUCED
from tests.faults.kafka import outage
from tests.faults.kafka.organisation import Organisation
from tests.faults.kafka.record import Record, moments
from tests.faults.kafka.sight import Sights
from tests.gitrepo import GitRepo
from tests.servers.clickhouse import ClickHouse
from tests.servers.kafka import Kafka

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.mark.parametrize("run", range(1 if REDUCED else 3))
def test_the_broker_dies_and_is_away(
    organisation: Organisation, undisturbed: Sights, draw: random.Random, run: int
) -> None:
    with Record(organisation, undisturbed) as record:
        outage.strike(record, organisation.kafka, "the broker", draw)


def test_one_broker_of_three_is_lost(
    kafka_cluster: Kafka,
    clickhouse: ClickHouse,
    repo: GitRepo,
    tmp_path: Path,
    undisturbed: Sights,
    draw: random.Random,
) -> None:
    """Every record is on two others: the work goes on before the lost one is back."""
    with (
        Organisation(tmp_path / "home", kafka_cluster, clickhouse, repo, replicas=3) as organisation,
        Record(organisation, undisturbed) as record,
    ):
        organisation.begin(workers=2)
        for moment in moments(draw, 3):
            organisation.until_said(moment)
            lost = draw.randint(1, 3)
            with record.strike("one broker of three killed with -9"):
                kafka_cluster.kill(lost)
            kafka_cluster.start(lost)
