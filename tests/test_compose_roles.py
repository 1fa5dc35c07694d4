"""The roles of docker-compose.yml as processes, on servers that are set up as it sets them up.

A process is given what its container would be, and nothing else: only hosts, ports and directories are those of this
machine. What an engine of containers does is not seen: images, users, limits, file systems that are read-only.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.transports import broker
from tests.cli.service import Running, running
from tests.commitwire import Commitwire
from tests.compose import NEEDED, ROLES, ROOT, environment, grace, health_check, mounted, services
from tests.gitrepo import GitRepo
from tests.servers.clickhouse import ClickHouse, started
from tests.servers.kafka import Kafka
from tests.servers.ports import Port

CHOSEN = NEEDED | {"COMMITWIRE_REPOS": "acme/x=/repos/x"}
HOME = "home/commitwire"
DAY = timedelta(days=1)
TITLE = "fix: stage two"


@dataclass
class Container(Commitwire):
    """What one is for its process: this environment, and `root` as the directory that all its own are in."""

    @property
    def root(self) -> Path:
        return self.home / "root"

    def healthy(self) -> bool:
        command = [part.replace("127.0.0.1:9464", self.environment["COMMITWIRE_LISTEN"]) for part in health_check()]
        done = subprocess.run(command, env=self.environment, capture_output=True, timeout=60, check=False)
        return done.returncode == 0

    def _environ(self) -> dict[str, str]:
        return self.environment


@pytest.fixture(scope="module")
def kafka_settings() -> dict[str, str]:
    """The properties that the broker is given, but for those of places."""
    return {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in environment("kafka", {}).items()
        if name.startswith("KAFKA_") and not re.search("LISTENER|QUORUM|LOG_DIRS|HEAP|NODE_ID", name)
    }


@pytest.fixture(scope="module")
def kafka(
    apache_kafka: None, kafka_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("kafka"), overrides=kafka_settings) as kafka:
        yield kafka


@pytest.fixture
def clickhouse(tmp_path: Path) -> Iterator[ClickHouse]:
    given = environment("clickhouse", NEEDED)
    server = ClickHouse(tmp_path / "clickhouse", user=given["CLICKHOUSE_USER"])
    with started(server, password=given["CLICKHOUSE_PASSWORD"]):
        yield server


@pytest.fixture
def containers(kafka: Kafka, clickhouse: ClickHouse, tmp_path: Path) -> Iterator[dict[str, Container]]:
    servers = {"kafka:19092": kafka.bootstrap, "clickhouse:8123": f"127.0.0.1:{clickhouse.port}"}
    ports = {role: Port() for role in ROLES}
    yield {role: container(role, tmp_path / role, servers, port.number) for role, port in ports.items()}
    for port in ports.values():
        port.release()


def container(role: str, place: Path, servers: Mapping[str, str], port: int) -> Container:
    made = Container(place)
    here = {
        **servers,
        **{f"/{name}": str(made.root / name) for name in ("data", "reports", "repos")},
        "/opt/commitwire/bin": sysconfig.get_path("scripts"),
        "$PATH": os.environ["PATH"],
    }
    for path in (HOME, *mounted(role)):
        made.root.joinpath(path.strip("/")).mkdir(parents=True)
    made.environment = {name: replaced(value, here) for name, value in environment(role, CHOSEN).items()}
    made.environment |= {
        "COMMITWIRE_LISTEN": f"127.0.0.1:{port}",
        "HOME": str(made.root / HOME),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),  # it need not be installed here
    }
    return made


def replaced(text: str, by: Mapping[str, str]) -> str:
    """All at once: what comes in is not replaced again."""
    return re.sub("|".join(map(re.escape, by)), lambda found: by[found[0]], text)


def test_kafka_takes_its_settings(kafka: Kafka, kafka_settings: dict[str, str]) -> None:
    told = asyncio.run(properties(kafka))
    assert {name: told.get(name) for name in kafka_settings} == kafka_settings
    assert int(told["message.max.bytes"]) == broker.LARGEST_RECORD


async def properties(kafka: Kafka) -> dict[str, str]:
    """What the broker says its properties are."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "1")])
    finally:
        await admin.close()
    [(_, _, _, _, entries)] = answer.resources
    return {name: value for name, value, *_ in entries}


def test_the_roles_are_healthy_and_report_and_end_in_time(containers: dict[str, Container]) -> None:
    ingest, worker = containers["ingest"], containers["worker"]
    repo = GitRepo(ingest.root / "repos" / "x")
    begun = datetime.now(UTC)
    for when in (begun - DAY, begun):  # at midnight, today is yesterday soon
        repo.commit(TITLE, {f"src/{when:%d}.py": "n = 1\n"}, when=when)
    lent = files(repo.path)
    assert not any(one.healthy() for one in containers.values())
    with started_as_said(worker, "worker") as working, started_as_said(ingest, "ingest") as ingesting:
        working.until(worker.healthy)
        ingesting.until(ingest.healthy)
        working.until(lambda: TITLE in yesterday(worker))
        assert seconds_to_end(working, ingesting) < min(map(grace, ROLES))
    assert files(repo.path) == lent
    for role in ROLES:
        assert written(containers[role]) <= mounted(role)


def started_as_said(one: Container, role: str) -> AbstractContextManager[Running]:
    """With the command of the service."""
    return running(one, *services()[role]["command"])


def yesterday(worker: Container) -> str:
    """The page of yesterday's report; "" until it and its event are there."""
    day = (datetime.now(UTC) - DAY).date()
    page, event = (worker.root / "reports" / "daily" / f"{day}.{ending}" for ending in ("zh-CN.md", "json"))
    return page.read_text() if page.exists() and event.exists() else ""


def seconds_to_end(*processes: Running) -> float:
    """Tell them to stop, at the same time; after how many seconds the last has ended."""
    told = time.monotonic()
    for one in processes:
        one.process.send_signal(signal.SIGTERM)
    assert [one.ended() for one in processes] == [0] * len(processes)
    return time.monotonic() - told


def files(directory: Path) -> dict[Path, int]:
    """When each was last changed."""
    return {path: path.stat().st_mtime_ns for path in directory.rglob("*")}


def written(one: Container) -> set[str]:
    """The directories of a container's root that have files."""
    found = {path.relative_to(one.root) for path in one.root.rglob("*") if not path.is_dir()}
    return {f"/{path.parts[0]}" for path in found}
