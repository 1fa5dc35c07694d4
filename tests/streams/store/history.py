"""A small history of two repositories: commits, what was said about them, sealed days, reports. Always the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any

from schemas.analyses import (
    ROUNDS,
    Analysis,
    Area,
    Call,
    ChangeType,
    CommitAnalyzed,
    Effort,
    Facts,
    FileKind,
    Importance,
)
from schemas.commits import Brought, CommitObserved, FileChange, Person
from schemas.day import day_of, interval
from schemas.definition import Definition, Source
from schemas.model import Event
from schemas.phrase import Code, Phrase
from schemas.reports import Coverage, Opening, ReportDelivered, ReportedCommit, ReportPublished, RepoSection, Stats
from schemas.scores import TIERS, CommitScored, Part, Tier
from schemas.seals import DaySealed, LateArrival

ROCKET = "github.com/acme/rocket"
WEB = "github.com/acme/web"
SOURCES = (Source(repo=ROCKET, branch="main"), Source(repo=WEB, branch="main"))
DEFINITION = Definition(name="daily", sources=SOURCES, zone="UTC", language="en")
FIRST = datetime(2026, 1, 5, 9, tzinfo=UTC)
PEOPLE = tuple(Person(name=name, email=f"{name.lower()}@example.org") for name in ("Ada", "Grace", "Linus"))
DIRECTORIES = ("src/core", "src/api", "docs")
TYPES = (ChangeType.FEATURE, ChangeType.FIX, ChangeType.DOCS)
COMMITS = 40


def sha(repo: str, number: int) -> str:
    return f"{number + 1:08x}{abs(hash_of(repo)):032x}"


def hash_of(repo: str) -> int:
    return sum(ord(letter) * 7**at for at, letter in enumerate(repo))


def commit(repo: str, number: int) -> CommitObserved:
    at = FIRST + timedelta(hours=number * 37)
    files = tuple(
        FileChange(path=f"{DIRECTORIES[number % 3]}/part{n}.py", status="M", additions=number * 10 + n, deletions=n)
        for n in range(1, 4)
    )
    return CommitObserved(
        repo=repo,
        sha=sha(repo, number),
        parents=(sha(repo, number - 1),) if number else (),
        author=PEOPLE[number % 3],
        committer=PEOPLE[0],
        authored_at=at - timedelta(hours=1),
        committed_at=at,
        title=f"Change {number}",
        body=("Because.", "And a second line."),
        co_authors=PEOPLE[1:2],
        detail="patch",
        files=files,
        files_total=3,
        additions=sum(file.additions or 0 for file in files),
        deletions=6,
        patch="+one\n-two\n",
        patch_bytes=10,
        brought=(Brought(sha="f" * 40, title="Brought"),),
        brought_total=1,
        notes=("not-utf8",),
        observed_at=at + timedelta(minutes=5),
    )


def analyzed(seen: CommitObserved, number: int) -> CommitAnalyzed:
    reverts = sha(seen.repo, number - 3)[:12] if number % 10 == 9 else None
    kind = TYPES[number % 3]
    facts = Facts(
        change_types=(kind,),
        type_evidence="title",
        files=3,
        additions=seen.additions,
        deletions=6,
        source_lines=number * 30,
        kinds={FileKind.SOURCE: 3},
        main_kind=FileKind.SOURCE,
        languages=("Python",),
        areas=(Area(name=DIRECTORIES[number % 3], files=3, additions=seen.additions or 0, deletions=6),),
        tests_touched=number % 4 == 0,
        pull_requests=(number,),
        reverts=reverts,
    )
    summary = (Phrase(code=Code.SUMMARY_TITLE, args={"types": (kind.value,), "title": seen.title}),)
    return CommitAnalyzed(
        repo=seen.repo,
        sha=seen.sha,
        committed_at=seen.committed_at,
        analyzer="static/1",
        round=seen.version * ROUNDS,
        facts=facts,
        analysis=Analysis(change_types=(kind,), summary=summary, scope=(Phrase(code=Code.SCOPE_NOTHING),)),
    )


def call(name: str, at: datetime, **changes: Any) -> Call:
    """A question to a model, answered well; its id is made of the name."""
    told = {"id": blake2b(name.encode(), digest_size=16).hexdigest(), "asked_at": at, "purpose": "analysis", **changes}
    taken = {"seconds": 1.5, "waited": 0.0, "attempts": 1, "prompt_tokens": 900, "completion_tokens": 100, "cost": 250}
    return Call.model_validate({"endpoint": "local", "model": "small", "outcome": "good", **taken, **told})


def by_model(seen: CommitObserved, number: int) -> CommitAnalyzed:
    """What a model said at the second try, while the rubric thinks otherwise of every second commit."""
    at = seen.observed_at
    vain = {"outcome": "transient", "attempts": 3, "completion_tokens": 0, "error": "503 try later", "cost": 0}
    calls = (call(f"{seen.key} first", at, **vain), call(f"{seen.key} second", at + timedelta(minutes=1)))
    effort = {"endpoint": "local", "model": "small", "prompt": "p1", "answer": f"{number:08x}", "calls": calls}
    changes = {
        "analyzer": "llm",
        "language": "en",
        "round": seen.version * ROUNDS + 1,
        "depth": "standard",
        "wanted": "deep",
        "reason": "the day's budget is spent",
        "importance": Importance(tier=TIERS[number % 2], reason="It touches the core."),
        "effort": Effort.model_validate({**effort, "left_out_total": 2, "masked": 1, "dropped": 3}),
    }
    return analyzed(seen, number).model_copy(update=changes)


def owed(seen: CommitObserved, number: int) -> CommitAnalyzed:
    calls = (
        call(
            f"{seen.key} owed",
            seen.observed_at - timedelta(minutes=1),
            outcome="permanent",
            completion_tokens=0,
            error="403",
        ),
    )
    changes = {"status": "owed", "depth": "static", "reason": "the endpoint answers 403", "importance": None}
    return by_model(seen, number).model_copy(update={**changes, "effort": Effort(endpoint="local", calls=calls)})


def scored(seen: CommitObserved, number: int, *, opinion: Tier | None = None) -> CommitScored:
    part = Part(name="type", points=12 - number % 12, evidence=Phrase(code=Code.PART_TYPE, args={"type": "fix"}))
    return CommitScored(
        repo=seen.repo,
        sha=seen.sha,
        committed_at=seen.committed_at,
        profile="default",
        rubric="abc",
        round=seen.version * ROUNDS,
        points=part.points,
        parts=(part,),
        tier=TIERS[number % 3],
        ruled=TIERS[number % 3] if opinion else None,
        opinion=opinion,
    )


def seal(repo: str, day: date, shas: tuple[str, ...], *, number: int, late: tuple[LateArrival, ...] = ()) -> DaySealed:
    start, end = interval(day, "UTC")
    return DaySealed(
        repo=repo,
        branch="main",
        zone="UTC",
        day=day,
        start=start,
        end=end,
        number=number,
        complete=True,
        shas=shas,
        late=late,
        late_total=len(late),
        tip=shas[0] if shas else "",
        sealed_at=end + timedelta(hours=number),
    )


def seals(seen: list[CommitObserved]) -> Iterator[DaySealed]:
    """Each day twice: its first commit is known only to the second statement; and once as an arrival of a merge."""
    days: dict[tuple[str, date], list[str]] = {}
    for commit_ in seen:
        days.setdefault((commit_.repo, day_of(commit_.committed_at, "UTC")), []).append(commit_.sha)
    for (repo, day), shas in days.items():
        late = (LateArrival(sha=sha(repo, 0), day=FIRST.date()),) if day.day == 20 else ()
        yield seal(repo, day, tuple(shas[1:]), number=1, late=late)
        yield seal(repo, day, tuple(shas), number=2, late=late)


def reported(number: int, tier: Tier, at: datetime) -> ReportedCommit:
    """A commit as a report shows it."""
    return ReportedCommit(
        repo=ROCKET,
        sha=sha(ROCKET, number),
        committed_at=at,
        author="Ada",
        title=f"commit {number}",
        tier=tier,
        points=0,
        analyzer="static/1",
        status="done",
        analysis=Analysis(change_types=(), summary=(), scope=()),
    )


def opening(day: date, revision: int) -> Opening:
    asked = call(f"{day} {revision}", interval(day, "UTC")[1], purpose="opening")
    return Opening(text="A quiet day.", effort=Effort(endpoint="local", model="small", prompt="o1", calls=(asked,)))


def report(day: date, revision: int, high: int = 1) -> ReportPublished:
    start, end = interval(day, "UTC")
    tiers: list[Tier] = [*["high"] * high, "medium", *["low"] * (2 - high)]  # type: ignore[list-item]
    commits = tuple(reported(number, tier, start) for number, tier in enumerate(tiers))
    stats = Stats(commits=3, high=high, medium=1, low=2 - high)
    return ReportPublished(
        definition=DEFINITION,
        day=day,
        revision=revision,
        start=start,
        end=end,
        complete=True,
        as_of=end,
        coverage=Coverage(commits=3, repos=1, by_analyzer={"static/1": 3}),
        sections=(RepoSection(repo=ROCKET, branch="main", stats=stats, commits=commits),),
        opening=opening(day, revision),
        digest=f"d{revision}",
        published_at=end + timedelta(hours=revision),
    )


def delivered(day: date, revision: int) -> ReportDelivered:
    target = f"reports/{day.isoformat()}.md"
    return ReportDelivered(
        definition="daily", day=day, revision=revision, target=target, language="en", digest=f"d{revision}"
    )


def events() -> list[Event]:
    """Everything `Store.write` keeps."""
    seen = [commit(repo, number) for repo in (ROCKET, WEB) for number in range(COMMITS)]
    told: list[Event] = [*seen]
    told += [analyzed(one, at % COMMITS) for at, one in enumerate(seen)]
    told += [owed(one, at % COMMITS) for at, one in enumerate(seen) if at % 8 == 7]
    told += [by_model(one, at % COMMITS) for at, one in enumerate(seen) if at % 8 == 3]
    told += [scored(one, at % COMMITS, opinion=TIERS[at % 2] if at % 8 == 3 else None) for at, one in enumerate(seen)]
    told += seals(seen)
    told.append(seal(WEB, date(2026, 4, 1), (), number=1).model_copy(update={"reason": "the host did not answer"}))
    told += [delivered(FIRST.date(), revision) for revision in (1, 2)]
    return told


def reports() -> list[ReportPublished]:
    first = FIRST.date()
    return [report(first, 1), report(first, 2, high=2), report(first + timedelta(days=1), 1)]
