"""The topic table: what travels where, how it is kept, who says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from schemas.analyses import AnalysisRequested, CommitAnalyzed
from schemas.commits import CommitObserved
from schemas.dead_letters import DeadLetter
from schemas.model import Event
from schemas.reports import ReportDelivered, ReportPublished
from schemas.scores import CommitScored
from schemas.seals import DaySealed
from schemas.windows import WindowTouched


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic carries one kind of event. `compacted` ones keep the last record of each key for ever.

    `said_by` are the parts of the program that say it, as `ce_source` names them.
    """

    name: str
    event: type[Event]
    said_by: tuple[str, ...]
    retention: timedelta | None = timedelta(days=7)
    compacted: bool = False


_STAGES = ("analyzers", "scorers", "models", "store", "windows", "deliveries")

COMMITS = Topic("commitwire.commits", CommitObserved, ("sources",))
SEALS = Topic("commitwire.seals", DaySealed, ("sources",), timedelta(days=90))
# a model that is slow, or out of its budget for weeks, still finds what it was asked for
REQUESTS = Topic("commitwire.requests", AnalysisRequested, ("scorers", "debts", "replay"), timedelta(days=90))
ANALYSES = Topic("commitwire.analyses", CommitAnalyzed, ("analyzers", "models", "debts", "replay"))
SCORES = Topic("commitwire.scores", CommitScored, ("scorers",))
WINDOWS = Topic("commitwire.windows", WindowTouched, ("store", "windows", "sources", "run", "replay"))
REPORTS = Topic("commitwire.reports", ReportPublished, ("windows",), timedelta(days=365))
DELIVERIES = Topic("commitwire.deliveries", ReportDelivered, ("deliveries",), None, compacted=True)
DEAD_LETTERS = Topic("commitwire.dead-letters", DeadLetter, (*_STAGES, "dead-letters"), timedelta(days=365))

TOPICS = (COMMITS, SEALS, REQUESTS, ANALYSES, SCORES, WINDOWS, REPORTS, DELIVERIES, DEAD_LETTERS)
EVENTS: tuple[type[Event], ...] = tuple(topic.event for topic in TOPICS)
TOPIC_OF: dict[type[Event], Topic] = {topic.event: topic for topic in TOPICS}
