"""Which windows depend on rows that have just become durable. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from schemas.analyses import CommitAnalyzed
from schemas.commits import CommitObserved
from schemas.day import day_of
from schemas.definition import Definition, Source
from schemas.model import Event
from schemas.scores import CommitScored
from schemas.seals import DaySealed
from schemas.windows import WindowTouched


def touches(events: Iterable[Event], definitions: Iterable[Definition]) -> list[WindowTouched]:
    """One touch for each window of `definitions` that the events concern, by the day of their committer date."""
    by_repo: dict[str, list[Definition]] = {}
    for definition in definitions:
        for repo in definition.repos:
            by_repo.setdefault(repo, []).append(definition)
    found: dict[tuple[str, date], WindowTouched] = {}
    for event in events:
        for touch in _touched(event, by_repo):
            found.setdefault((touch.definition, touch.day), touch)
    return list(found.values())


def _touched(event: Event, by_repo: dict[str, list[Definition]]) -> Iterable[WindowTouched]:
    if isinstance(event, DaySealed):
        source = Source(repo=event.repo, branch=event.branch)
        for definition in by_repo.get(event.repo, ()):
            if source in definition.sources and definition.zone == event.zone:
                yield WindowTouched(definition=definition.name, day=event.day, cause="seal")
    elif isinstance(event, CommitObserved | CommitAnalyzed | CommitScored):
        for definition in by_repo.get(event.repo, ()):
            day = day_of(event.committed_at, definition.zone)
            yield WindowTouched(definition=definition.name, day=day, cause="rows")
