"""A model's answers to a commit, for the tests of this folder."""

from __future__ import annotations

from datetime import UTC, datetime

from agents.scorers.rubric import Rubric, score
from schemas.analyses import Analysis, Call, ChangeType, CommitAnalyzed, Depth, Effort, Importance
from schemas.commits import CommitObserved
from schemas.definition import Language
from schemas.phrase import Code, Phrase
from schemas.scores import CommitScored, Tier
from tests.samples import analyzed

RUBRIC = Rubric.shipped()
SPOKEN = "It does what it says."
CALL = Call(
    id="1" * 32,
    purpose="analysis",
    endpoint="main",
    model="m1",
    asked_at=datetime(2026, 2, 12, tzinfo=UTC),
    seconds=1.0,
    waited=0.0,
    attempts=1,
    outcome="good",
)


def text(said: str) -> Phrase:
    return Phrase(code=Code.TEXT, args={"text": said})


def by_model(
    seen: CommitObserved,
    said: str = SPOKEN,
    *,
    depth: Depth = "standard",
    language: Language = "en",
    opinion: Tier = "medium",
    step: int = 1,
    call: Call = CALL,
) -> CommitAnalyzed:
    """A model's analysis, `step` rounds after the static one."""
    analysis = Analysis(change_types=(ChangeType.FIX,), summary=(text(said),), scope=(text("everything"),))
    static = analyzed(seen)
    made = {
        "analyzer": "llm",
        "language": language,
        "round": static.round + step,
        "depth": depth,
        "wanted": depth,
        "analysis": analysis,
        "importance": Importance(tier=opinion, reason="because"),
        "effort": Effort(endpoint="main", model=call.model, calls=(call,)),
    }
    return static.model_copy(update=made)


def owed(
    seen: CommitObserved, reason: str = "no answer", *, status: str = "owed", language: Language = "en", step: int = 1
) -> CommitAnalyzed:
    """What stands for an analysis that a model could not make."""
    failed = CALL.model_copy(update={"outcome": "transient", "error": reason, "attempts": 4})
    static = analyzed(seen)
    made = {"analyzer": "llm", "language": language, "round": static.round + step, "wanted": "standard"}
    told = {"status": status, "reason": reason, "effort": Effort(endpoint="main", model="m1", calls=(failed,))}
    return static.model_copy(update={**made, **told})


def judged(made: CommitAnalyzed, *, final: bool = True) -> CommitScored:
    return score(made, RUBRIC, final=final)


def told(seen: CommitObserved, made: CommitAnalyzed) -> list[CommitObserved | CommitAnalyzed | CommitScored]:
    """A commit, its static analysis, and what a model said of it."""
    static = analyzed(seen)
    return [seen, static, judged(static, final=False), made, judged(made)]
