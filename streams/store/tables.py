"""The tables that events become: columns with their types, in the order of rows.py, and the order of writing.

A commit is there with its files and its patch, before what is said about it, and all of it before the seal that names
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from schemas.analyses import CommitAnalyzed
from schemas.commits import CommitObserved
from schemas.model import Event
from schemas.reports import ReportDelivered
from schemas.scores import CommitScored
from schemas.seals import DaySealed
from streams.store import rows

_NAME = "LowCardinality(String)"
_TEXT = "String"
_TEXTS = "Array(String)"
_NAMES = "Array(LowCardinality(String))"
_TIME = "DateTime64(3, 'UTC')"
_COUNT = "UInt64"
_COUNTS = "Array(UInt64)"
_MAYBE = "Nullable(UInt64)"

_COMMIT_KEY = {"repo": _NAME, "sha": _TEXT}
_FILE = {
    "path": _TEXT,
    "old_path": _TEXT,
    "status": _NAME,
    "additions": _MAYBE,
    "deletions": _MAYBE,
    "old_mode": _NAME,
    "new_mode": _NAME,
}


@dataclass(frozen=True, slots=True)
class Relation:
    """A table and the types of its columns (given to the client, which would ask the server at every insert)."""

    name: str
    columns: dict[str, str]


COMMITS = Relation(
    "commits",
    {
        **_COMMIT_KEY,
        "committed_at": _TIME,
        "authored_at": _TIME,
        "observed_at": _TIME,
        "parents": _TEXTS,
        "parents_known": "Bool",
        "author_name": _NAME,
        "author_email": _NAME,
        "committer_name": _NAME,
        "committer_email": _NAME,
        "title": _TEXT,
        "body": _TEXTS,
        "co_authors.name": _TEXTS,
        "co_authors.email": _TEXTS,
        "detail": _NAME,
        "files_total": _MAYBE,
        "additions": _MAYBE,
        "deletions": _MAYBE,
        "patch_bytes": _COUNT,
        "brought.sha": _TEXTS,
        "brought.title": _TEXTS,
        "brought_total": _COUNT,
        "notes": _NAMES,
        "version": _COUNT,
    },
)
FILE_CHANGES = Relation(
    "file_changes", {**_COMMIT_KEY, "committed_at": _TIME, "position": "UInt32", "version": _COUNT, **_FILE}
)
PATCHES = Relation("patches", {**_COMMIT_KEY, "committed_at": _TIME, "text": _TEXT, "version": _COUNT})
FILE_OVERFLOW = Relation("file_overflow", {**_COMMIT_KEY, "position": "UInt32", **_FILE})
PATCH_OVERFLOW = Relation("patch_overflow", {**_COMMIT_KEY, "piece": _COUNT, "path": _TEXT, "text": _TEXT})
ANALYSES = Relation(
    "analyses",
    {
        **_COMMIT_KEY,
        "analyzer": _NAME,
        "language": _NAME,
        "committed_at": _TIME,
        "round": "UInt32",
        "depth": _NAME,
        "status": _NAME,
        "reason": _TEXT,
        "change_types": _NAMES,
        "breaking": "Bool",
        "source_lines": _COUNT,
        "tests_touched": "Nullable(Bool)",
        "main_kind": _NAME,
        "languages": _NAMES,
        "areas.name": _TEXTS,
        "areas.files": _COUNTS,
        "areas.additions": _COUNTS,
        "areas.deletions": _COUNTS,
        "pull_requests": _COUNTS,
        "reverts": _TEXT,
        "wanted": _NAME,
        "model": _NAME,
        "prompt": _NAME,
        "cached": "Bool",
        "importance": _NAME,
        "importance_reason": _TEXT,
        "attempts": _COUNT,
        "tokens": _COUNT,
        "cost": _COUNT,
        "left_out_total": _COUNT,
        "masked": _COUNT,
        "dropped": _COUNT,
        "event": _TEXT,
        "version": _COUNT,
    },
)
SCORES = Relation(
    "scores",
    {
        **_COMMIT_KEY,
        "profile": _NAME,
        "committed_at": _TIME,
        "rubric": _NAME,
        "round": "UInt32",
        "points": "Int64",
        "tier": _NAME,
        "final": "Bool",
        "parts.name": _NAMES,
        "parts.points": "Array(Int64)",
        "parts.evidence": _TEXTS,
        "ruled": _NAME,
        "opinion": _NAME,
        "language": _NAME,
        "version": _COUNT,
    },
)
VERDICTS = Relation(
    "verdicts",
    {
        **_COMMIT_KEY,
        "profile": _NAME,
        "language": _NAME,
        "committed_at": _TIME,
        "round": "UInt32",
        "final": "Bool",
        "version": _COUNT,
    },
)
MODEL_CALLS = Relation(
    "model_calls",
    {
        **_COMMIT_KEY,
        "asked_at": _TIME,
        "id": _TEXT,
        "purpose": _NAME,
        "endpoint": _NAME,
        "model": _NAME,
        "seconds": "Float64",
        "waited": "Float64",
        "attempts": _COUNT,
        "prompt_tokens": _COUNT,
        "completion_tokens": _COUNT,
        "cost": _COUNT,
        "outcome": _NAME,
        "error": _TEXT,
        "definition": _NAME,
        "prompt": _NAME,
        "depth": _NAME,
        "language": _NAME,
        "version": _COUNT,
    },
)
ANSWERS = Relation("answers", {"answer": _TEXT, **_COMMIT_KEY, "event": _TEXT, "version": _COUNT})
ENDPOINTS = Relation("endpoints", {"endpoint": _TEXT, "health": _TEXT, "version": _COUNT})
WORKERS = Relation("workers", {"worker": _TEXT, "until": _TIME, "version": _COUNT})
SEALS = Relation(
    "seals",
    {
        "repo": _NAME,
        "branch": _NAME,
        "zone": _NAME,
        "day": "Date32",
        "slot": _COUNT,
        "number": _COUNT,
        "complete": "Bool",
        "day_start": _TIME,
        "day_end": _TIME,
        "shas": _TEXTS,
        "late.sha": _TEXTS,
        "late.day": "Array(Date32)",
        "late_total": _COUNT,
        "tip": _TEXT,
        "reason": _TEXT,
        "sealed_at": _TIME,
        "version": _COUNT,
    },
)
WINDOWS = Relation("windows", {"definition": _NAME, "day": "Date32", "revision": _COUNT, "version": _COUNT})
REPORTS = Relation(
    "reports",
    {
        "definition": _NAME,
        "day": "Date32",
        "revision": _COUNT,
        "zone": _NAME,
        "language": _NAME,
        "profile": _NAME,
        "complete": "Bool",
        "as_of": _TIME,
        "published_at": _TIME,
        "commits": _COUNT,
        "high": _COUNT,
        "medium": _COUNT,
        "low": _COUNT,
        "owed": _COUNT,
        "failed": _COUNT,
        "missing": _COUNT,
        "not_collected": _COUNT,
        "late_total": _COUNT,
        "digest": _TEXT,
        "event": _TEXT,
        "version": _COUNT,
    },
)
DEFINITIONS = Relation("definitions", {"name": _TEXT, "number": _COUNT, "binding": _TEXT, "version": _COUNT})
DELIVERIES = Relation(
    "deliveries",
    {
        "definition": _NAME,
        "day": "Date32",
        "target": _TEXT,
        "revision": _COUNT,
        "language": _NAME,
        "digest": _TEXT,
        "version": _COUNT,
    },
)
TABLES = (
    *(COMMITS, FILE_CHANGES, PATCHES, FILE_OVERFLOW, PATCH_OVERFLOW, ANALYSES, SCORES, VERDICTS, SEALS),
    *(MODEL_CALLS, ANSWERS, ENDPOINTS, WINDOWS, REPORTS, DEFINITIONS, DELIVERIES, WORKERS),
)

Writing = tuple[Relation, type[Event], Callable[[Any], Iterator[rows.Row]]]
# what a kind of event becomes; the tables of a line may be written together, after those of the lines above
WRITING: tuple[tuple[Writing, ...], ...] = (
    (
        (FILE_CHANGES, CommitObserved, rows.file_changes),
        (PATCHES, CommitObserved, rows.patch),
        (MODEL_CALLS, CommitAnalyzed, rows.calls),
        (ANSWERS, CommitAnalyzed, rows.answer),
    ),
    ((COMMITS, CommitObserved, rows.commit),),
    ((ANALYSES, CommitAnalyzed, rows.analysis), (SCORES, CommitScored, rows.score)),
    ((VERDICTS, CommitScored, rows.verdict),),
    ((SEALS, DaySealed, rows.seal), (DELIVERIES, ReportDelivered, rows.delivery)),
)
