"""docker-compose.yml and the Dockerfile, as far as tests ask what a container of a service is given."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
ROLES = ("ingest", "worker")
NEEDED = {"CLICKHOUSE_PASSWORD": "s3cret", "COMMITWIRE_REPOS": "https://github.com/pallets/flask.git,acme/x=/repos/x"}


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def interpolated(text: str, outside: Mapping[str, str]) -> str:
    """As Compose does it: `$$` is a dollar, `${NAME:-usual}` has a default, `${NAME:?sentence}` has none."""

    def value(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        found = outside.get(match["name"], "")
        assert found or match["how"] == ":-", f"{match['name']} is not set: {match['rest']}"
        return found or match["rest"]

    return re.sub(r"\$\$|\$\{(?P<name>\w+)(?:(?P<how>:[-?])(?P<rest>[^}]*))?\}", value, text)


def environment(service: str, outside: Mapping[str, str]) -> dict[str, str]:
    """What a container of the service sees: that of the image under that of the service."""
    image = re.findall(r"(\w+)=(\S+)", " ".join(re.findall(r"^ENV (.*)$", DOCKERFILE, re.MULTILINE)))
    said: dict[str, Any] = services()[service]["environment"]
    given = {
        name: outside.get(name) if value is None else interpolated(str(value), outside) for name, value in said.items()
    }
    return dict(image) | {name: value for name, value in given.items() if value is not None}


def mounted(service: str) -> set[str]:
    """The directories that a container of the service may write or is lent; all others are read-only."""
    said: dict[str, Any] = services()[service]
    places = [interpolated(volume, {}).split(":") for volume in said["volumes"]]
    return {*(place[1] for place in places), *said["tmpfs"]}


def grace(service: str) -> float:
    """For how many seconds a container of the service may go on once it is told to stop."""
    return float(services()[service]["stop_grace_period"].removesuffix("s"))


def health_check() -> list[str]:
    """The command of the image that succeeds where a container is healthy."""
    [said] = re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    command: list[str] = json.loads(said)
    return command
