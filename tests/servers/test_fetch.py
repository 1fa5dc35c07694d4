"""Jars are fetched once, whole and unaltered, from whatever repository the machine is told to use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import fetch
from tests.servers.unavailable import Unavailable, skip_or_fail


@pytest.fixture
def repository(apache_kafka: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Maven repository in files, and a cache that is empty."""
    root, jars = tmp_path / "repository", fetch.kafka_jars()
    for line in fetch.PINNED.read_text().splitlines()[1:]:
        path = root / line.split()[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(jars / path.name)
    monkeypatch.setenv("MAVEN_REPOSITORY", root.as_uri())
    monkeypatch.setenv("TEST_SERVERS", str(tmp_path / "cache"))
    return root


def test_two_processes_may_ask_at_once(repository: Path) -> None:
    command = [sys.executable, "-m", "tests.servers.fetch"]
    asking = [subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE) for _ in range(2)]
    first, second = (Path(process.communicate(timeout=60)[0].decode().strip()) for process in asking)
    assert first == second == fetch.kafka_jars()
    assert {jar.name for jar in first.iterdir()} == {path.name for path in repository.rglob("*.jar")}


def test_an_altered_file_is_refused(repository: Path) -> None:
    altered = next(repository.rglob("slf4j-api-*.jar"))
    altered.unlink()
    altered.write_bytes(b"not what was pinned")
    with pytest.raises(ValueError, match="slf4j-api"):
        fetch.kafka_jars()
    altered.unlink()
    with pytest.raises(Unavailable, match=r"slf4j-api.*tests\.servers\.fetch"):
        fetch.kafka_jars()


def test_what_is_missing_skips_but_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="install it"):
        skip_or_fail(Unavailable("install it"))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="install it"):
        skip_or_fail(Unavailable("install it"))
