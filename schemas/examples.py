"""One event of each kind, as it may stand on its topic: a fix of one file on a day of one repository."""

from __future__ import annotations

from datetime import UTC, date, datetime

from schemas.analyses import ROUNDS, Analysis, AnalysisRequested, ChangeType, CommitAnalyzed, Facts
from schemas.commits import CommitObserved, FileChange, Person
from schemas.day import interval
from schemas.dead_letters import DeadLetter
from schemas.definition import Definition, Source
from schemas.model import Event
from schemas.phrase import Code, Phrase
from schemas.reports import Coverage, ReportDelivered, ReportedCommit, ReportPublished, RepoSection, Stats
from schemas.scores import CommitScored, Part
from schemas.seals import DaySealed
from schemas.windows import WindowTouched

_REPO = "github.com/acme/rocket"
_SHA = "7c1f0a9e4b2d8865f3a1c0de94b7a2538e6d1f04"
_DAY = date(2026, 2, 11)
_START, _END = interval(_DAY, "UTC")
_COMMITTED = datetime(2026, 2, 11, 9, 30, tzinfo=UTC)
_NIGHT = datetime(2026, 2, 12, 0, 5, tzinfo=UTC)
_ADA = Person(name="Ada", email="ada@example.org")

COMMIT = CommitObserved(
    repo=_REPO,
    sha=_SHA,
    parents=("1d9be3c5a7f2440896e0cb1d52f8a3974be60cd2",),
    author=_ADA,
    committer=_ADA,
    authored_at=_COMMITTED,
    committed_at=_COMMITTED,
    title="fix: close the valve before ignition",
    detail="patch",
    files=(FileChange(path="engine/valve.py", status="M", additions=2, deletions=1),),
    files_total=1,
    additions=2,
    deletions=1,
    observed_at=_NIGHT,
)
SEAL = DaySealed(
    repo=_REPO,
    branch="main",
    zone="UTC",
    day=_DAY,
    start=_START,
    end=_END,
    number=1,
    complete=True,
    shas=(_SHA,),
    tip=_SHA,
    sealed_at=_NIGHT,
)
REQUEST = AnalysisRequested(
    repo=_REPO,
    sha=_SHA,
    committed_at=_COMMITTED,
    depth="standard",
    language="en",
    reason="first",
    round=3 * ROUNDS + 1,
)
ANALYSIS = CommitAnalyzed(
    repo=_REPO,
    sha=_SHA,
    committed_at=_COMMITTED,
    analyzer="static/1",
    round=3 * ROUNDS,
    facts=Facts(change_types=(ChangeType.FIX,), type_evidence="title", files=1, additions=2, deletions=1),
    analysis=Analysis(
        change_types=(ChangeType.FIX,),
        summary=(
            Phrase(code=Code.SUMMARY_TITLE, args={"types": ("fix",), "title": "close the valve before ignition"}),
        ),
        scope=(Phrase(code=Code.SCOPE_AREA, args={"area": "engine", "files": 1, "additions": 2, "deletions": 1}),),
    ),
)
SCORE = CommitScored(
    repo=_REPO,
    sha=_SHA,
    committed_at=_COMMITTED,
    profile="default",
    rubric="3f6a90d1c274",
    round=ANALYSIS.round,
    points=7,
    parts=(Part(name="type", points=7, evidence=Phrase(code=Code.PART_TYPE, args={"type": "fix"})),),
    tier="medium",
)
TOUCH = WindowTouched(definition="daily", day=_DAY, cause="rows")
REPORT = ReportPublished(
    definition=Definition(name="daily", sources=(Source(repo=_REPO, branch="main"),), zone="UTC", language="en"),
    day=_DAY,
    revision=1,
    start=_START,
    end=_END,
    complete=True,
    as_of=_NIGHT,
    coverage=Coverage(commits=1, repos=1, by_analyzer={"static/1": 1}),
    sections=(
        RepoSection(
            repo=_REPO,
            branch="main",
            stats=Stats(commits=1, medium=1),
            commits=(
                ReportedCommit(
                    repo=_REPO,
                    sha=_SHA,
                    committed_at=_COMMITTED,
                    author=_ADA.name,
                    title=COMMIT.title,
                    files=1,
                    additions=2,
                    deletions=1,
                    tier=SCORE.tier,
                    points=SCORE.points,
                    parts=SCORE.parts,
                    analyzer=ANALYSIS.analyzer,
                    status="done",
                    analysis=ANALYSIS.analysis,
                ),
            ),
        ),
    ),
    digest="90b2f1c65de84a7f",
    published_at=_NIGHT,
)
DELIVERY = ReportDelivered(
    definition="daily",
    day=_DAY,
    revision=1,
    target="/reports/daily/2026-02-11.en.md",
    language="en",
    digest=REPORT.digest,
)
LETTER = DeadLetter(
    topic="commitwire.commits",
    failed_key=COMMIT.key,
    headers={"ce_type": COMMIT.type_name()},
    body=b"{",
    error="Undecodable",
    message="this is no commitwire.CommitObserved.v1: EOF while parsing an object",
    where="analyzers",
    attempts=1,
    failed_at=_NIGHT,
)

EXAMPLES: dict[type[Event], Event] = {
    type(event): event for event in (COMMIT, SEAL, REQUEST, ANALYSIS, SCORE, TOUCH, REPORT, DELIVERY, LETTER)
}
