"""What the stories of the command line are told with: instants, lines of a file of commits, looks at log and report."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from schemas.topics import TOPICS
from streams.transports.reading import reader
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo

ORIGIN = "git@github.com:acme/rocket.git"


def utc(text: str) -> datetime:
    """`2026-02-11 10:00` as an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def with_origin(repo: GitRepo, url: str = ORIGIN) -> GitRepo:
    """The repository as a clone of `url`."""
    repo.git("config", "remote.origin.url", url)
    return repo


def records(commitwire: Commitwire, topic: str) -> list[dict[str, Any]]:
    """The bodies of all records of a topic, read beside the program."""
    with reader(commitwire.broker) as log:
        return [json.loads(record.value or b"null") for record in log.records(f"commitwire.{topic}")]


def unnamed(commitwire: Commitwire) -> set[tuple[str, str]]:
    """Topics, and parts of the program that said something there, though the table of topics does not name them."""
    with reader(commitwire.broker) as log:
        found = {
            (topic, record.headers["ce_source"].decode()) for topic in TOPICS for record in log.records(topic.name)
        }
    return {(topic.name, by) for topic, by in found if by.removeprefix("commitwire/") not in topic.said_by}


def counts(commitwire: Commitwire) -> dict[str, int]:
    """How much was observed, analyzed, scored and published so far."""
    return {topic: len(records(commitwire, topic)) for topic in ("commits", "analyses", "scores", "reports")}


def titles(event: dict[str, Any], repo: str | None = None) -> list[str]:
    """The titles of a report's commits in their order; of one repository, or of all."""
    sections = [section for section in event["sections"] if repo in (None, section["repo"])]
    return [commit["title"] for section in sections for commit in section["commits"]]


def commit_of(event: dict[str, Any], title: str) -> dict[str, Any]:
    """The one commit of a report with this title."""
    (found,) = [commit for section in event["sections"] for commit in section["commits"] if commit["title"] == title]
    assert isinstance(found, dict)
    return found


def line(number: int, when: str = "2026-02-11T10:00:00Z", **fields: Any) -> dict[str, Any]:
    """A line of a file of commits; `fields` replace its own, and those that are None leave it."""
    own = {
        "repo": "acme/rocket",
        "sha": f"{number:040x}",
        "committed_at": when,
        "author": "Ada Lovelace",
        "title": f"fix: number {number}",
        "body": [],
    }
    return {name: value for name, value in {**own, **fields}.items() if value is not None}


def write_lines(path: Path, *lines: dict[str, Any] | bytes) -> Path:
    """A file of commits; bytes stand in it as they are."""
    path.write_bytes(b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines) + b"\n")
    return path
