"""More work: the commits of the crowd, as if they stood in another repository, too, of which no day is sealed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schemas.commits import CommitObserved
from schemas.envelope import decode, encode
from tests.faults.kafka import crowd
from tests.faults.kafka.watch import Written

PORTIONS = 2  # that differ; then they come again


def observed(records: Iterable[Any], repo: str) -> list[CommitObserved]:
    """What the records of `commits` say of a repository, each commit once."""
    said = {one.key: one for one in records if one.key.startswith(f"{repo}@".encode())}
    events = [decode(one.value, dict(one.headers)).event for one in said.values()]
    return [event for event in events if isinstance(event, CommitObserved)]


def portion(commits: Iterable[CommitObserved], number: int) -> list[Written]:
    """These commits as of another repository."""
    return [_written(one.model_copy(update={"repo": f"{one.repo}-{number % PORTIONS}"})) for one in commits]


def _written(event: CommitObserved) -> Written:
    key, body, headers = encode(event, source="ingest", time=crowd.NOW)
    return Written(key, body, list(headers.items()))
