"""Fetches the jars of Apache Kafka once, into a cache of this machine: `python -m tests.servers.fetch` does it ahead.

`TEST_SERVERS` names another directory than `commitwire-tests` in the user's cache, `MAVEN_REPOSITORY` a mirror of Maven
Central.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from platformdirs import user_cache_path

from tests.servers.unavailable import Unavailable

SECONDS = 60
ATTEMPTS = 3
ADVICE = "run python -m tests.servers.fetch where Maven Central or a MAVEN_REPOSITORY can be reached"
MAVEN_CENTRAL = "https://repo.maven.apache.org/maven2"
PINNED = Path(__file__).with_name("kafka.jars")


@dataclass(frozen=True)
class Jar:
    """One pinned file of a Maven repository."""

    sha256: str
    path: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def kafka_jars() -> Path:
    """The directory with the jars of Apache Kafka; they are fetched if they are not there.

    Several processes may ask at once: one fetches, the others wait for it. Raises Unavailable when the repository
    cannot be reached, ValueError when a file is not the pinned one.
    """
    found = place()
    if found.is_dir():
        return found
    cache = found.parent
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.is_dir():
            _fetch_all(_listed(PINNED.read_text()), found)
    return found


def place() -> Path:
    """Where the jars are once they are fetched."""
    return _cache() / f"kafka-{hashlib.sha256(PINNED.read_bytes()).hexdigest()[:12]}"


def _cache() -> Path:
    named = os.environ.get("TEST_SERVERS")
    return Path(named) if named else user_cache_path("commitwire-tests")


def _listed(text: str) -> list[Jar]:
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return [Jar(*line.split()) for line in lines]


def _fetch_all(jars: list[Jar], target: Path) -> None:
    """The directory appears under its name only when it is whole; what an interrupted fetch left goes first."""
    part = target.with_name("kafka-part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda jar: _fetch(jar, part), jars))
    part.rename(target)


def _fetch(jar: Jar, folder: Path) -> None:
    content = _downloaded(f"{os.environ.get('MAVEN_REPOSITORY', MAVEN_CENTRAL).rstrip('/')}/{jar.path}")
    if hashlib.sha256(content).hexdigest() != jar.sha256:
        raise ValueError(f"{jar.path} is not the file that {PINNED.name} pins: its SHA-256 differs")
    (folder / jar.name).write_bytes(content)


def _downloaded(url: str) -> bytes:
    failure: Exception | None = None
    for _ in range(ATTEMPTS):
        try:
            with urllib.request.urlopen(url, timeout=SECONDS) as answer:
                content: bytes = answer.read()
                return content
        except (OSError, HTTPException) as error:
            failure = error
    raise Unavailable(f"Apache Kafka cannot be fetched: {url}: {failure}; {ADVICE}") from failure


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{kafka_jars()}\n")
    except Unavailable as error:
        sys.exit(str(error))
