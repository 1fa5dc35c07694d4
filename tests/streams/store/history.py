"""A small history of two repositories: commits, what was said about them, sealed days, reports. Always the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from schemas.analyses import Analysis, Area, ChangeType, CommitAnalyzed, Facts, FileKind
from schemas.commits import Brought, CommitObserved, FileChange, Person
from schemas.day import day_of, interval
from schemas.definition import Definition, Source
from schemas.model import Event
from schemas.phrase import Code, Phrase
from schemas.reports import Coverage, ReportDelivered, ReportedCommit, ReportPublished, RepoSection, Stats
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
        facts=facts,
        analysis=Analysis(change_types=(kind,), summary=summary, scope=(Phrase(code=Code.SCOPE_NOTHING),)),
    )


def owed(seen: CommitObserved, number: int) -> CommitAnalyzed:
    changes = {"analyzer": "llm/small", "language": "en", "depth": "standard", "status": "owed", "reason": "no key"}
    return analyzed(seen, number).model_copy(update=changes)


def scored(seen: CommitObserved, number: int) -> CommitScored:
    part = Part(name="type", points=12 - number % 12, evidence=Phrase(code=Code.PART_TYPE, args={"type": "fix"}))
    return CommitScored(
        repo=seen.repo,
        sha=seen.sha,
        committed_at=seen.committed_at,
        profile="default",
        rubric="abc",
        points=part.points,
        parts=(part,),
        tier=TIERS[number % 3],
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
    told += [owed(one, at) for at, one in enumerate(seen) if at % 8 == 7]
    told += [scored(one, at % COMMITS) for at, one in enumerate(seen)]
    told += seals(seen)
    told.append(seal(WEB, date(2026, 4, 1), (), number=1).model_copy(update={"reason": "the host did not answer"}))
    told += [delivered(FIRST.date(), revision) for revision in (1, 2)]
    return told


def reports() -> list[ReportPublished]:
    first = FIRST.date()
    return [report(first, 1), report(first, 2, high=2), report(first + timedelta(days=1), 1)]
