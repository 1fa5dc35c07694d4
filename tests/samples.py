"""Small events to build tests from: a commit and the answers to it, a seal, a definition."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from schemas.analyses import ROUNDS, Analysis, ChangeType, CommitAnalyzed, Facts
from schemas.commits import CommitObserved, Person
from schemas.day import interval
from schemas.definition import Definition, Source
from schemas.phrase import Code, Phrase
from schemas.scores import CommitScored, Tier
from schemas.seals import DaySealed, LateArrival

REPO = "github.com/acme/rocket"
DAY = date(2026, 2, 11)
NOON = datetime(2026, 2, 11, 12, tzinfo=UTC)
AFTER = datetime(2026, 2, 12, 6, tzinfo=UTC)
SOURCE = Source(repo=REPO, branch="main")
DEFINITION = Definition(name="daily", sources=(SOURCE,), zone="UTC", language="en")


def sha(number: int) -> str:
    return f"{number:040x}"


def commit(number: int, title: str = "", *, repo: str = REPO, at: datetime = NOON) -> CommitObserved:
    person = Person(name="Ada", email="ada@example.org")
    return CommitObserved(
        repo=repo,
        sha=sha(number),
        parents=(),
        author=person,
        committer=person,
        authored_at=at,
        committed_at=at,
        title=title or f"commit {number}",
        detail="patch",
        files_total=1,
        additions=1,
        deletions=0,
        observed_at=AFTER,
    )


def analyzed(seen: CommitObserved, summary: Phrase | None = None) -> CommitAnalyzed:
    said = summary or Phrase(code=Code.SUMMARY_TITLE, args={"types": ("fix",), "title": seen.title})
    return CommitAnalyzed(
        repo=seen.repo,
        sha=seen.sha,
        committed_at=seen.committed_at,
        analyzer="static/1",
        round=seen.version * ROUNDS,
        facts=Facts(change_types=(ChangeType.FIX,), type_evidence="title"),
        analysis=Analysis(change_types=(ChangeType.FIX,), summary=(said,), scope=(Phrase(code=Code.SCOPE_UNKNOWN),)),
    )


def scored(seen: CommitObserved, tier: Tier = "low", *, final: bool = True) -> CommitScored:
    return CommitScored(
        repo=seen.repo,
        sha=seen.sha,
        committed_at=seen.committed_at,
        profile="default",
        rubric="test",
        round=seen.version * ROUNDS,
        points=0,
        parts=(),
        tier=tier,
        final=final,
    )


def answers(seen: CommitObserved, tier: Tier = "low") -> list[CommitObserved | CommitAnalyzed | CommitScored]:
    return [seen, analyzed(seen), scored(seen, tier)]


def seal(
    *numbers: int,
    source: Source = SOURCE,
    day: date = DAY,
    number: int = 1,
    at: datetime = AFTER,
    late: dict[int, date] | None = None,
    reason: str | None = None,
) -> DaySealed:
    start, end = interval(day, "UTC")
    return DaySealed(
        repo=source.repo,
        branch=source.branch,
        zone="UTC",
        day=day,
        start=start,
        end=end,
        number=number,
        complete=at >= end,
        shas=tuple(map(sha, numbers)),
        late=tuple(LateArrival(sha=sha(n), day=d) for n, d in (late or {}).items()),
        late_total=len(late or {}),
        reason=reason,
        sealed_at=at,
    )


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)
