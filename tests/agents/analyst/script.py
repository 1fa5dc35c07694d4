"""A model that says what a test gives it to say, and commits and requests to ask it about."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

from agents.analyzers import static
from agents.analyzers.llm.analyst import Analyst
from agents.analyzers.llm.limits import Limits
from agents.llm.port import Answer, NoAnswer, Question, TooLong
from schemas.analyses import DIMENSIONS, AnalysisRequested, Call, CommitAnalyzed, Depth
from schemas.commits import CommitObserved
from schemas.definition import Language
from tests.agents.commits import change, commit

AT = datetime(2026, 2, 11, 9, 0, tzinfo=UTC)
PATCH = """diff --git a/src/cache.py b/src/cache.py
--- a/src/cache.py
+++ b/src/cache.py
@@ -10,2 +10,3 @@ def load_entry(key):
 entry = read(key)
-return entry
+check_age(entry, 45)
+return entry
"""
Reply = str | Answer | Exception


def call(purpose: str = "analysis") -> Call:
    """A call that went well."""
    given: dict[str, Any] = {"purpose": purpose, "outcome": "good", "asked_at": AT}
    return Call(id="0" * 32, endpoint="test", model="m", seconds=1, waited=0, attempts=1, **given)


def answer(text: str, finish: str = "stop", refusal: str = "") -> Answer:
    """What a model said."""
    return Answer(text, finish, refusal, call())


class Script:
    """Implements Asker: says the replies one after the other, then the last one again."""

    def __init__(self, *replies: Reply | Callable[[Question], Reply]) -> None:
        self.asked: list[Question] = []
        self._replies = replies

    async def ask(self, question: Question) -> Answer:
        """The next reply."""
        reply = self._replies[min(len(self.asked), len(self._replies) - 1)]
        self.asked.append(question)
        said = reply(question) if callable(reply) else reply
        if isinstance(said, Exception):
            raise said
        return said if isinstance(said, Answer) else answer(said)

    @property
    def sent(self) -> str:
        """Everything that was ever sent."""
        return "\n".join(message.content for question in self.asked for message in question.messages)


def full(summary: str = "Entries are checked for their age.", **more: Any) -> dict[str, Any]:
    """A full answer in English."""
    return {
        "change_types": ["fix"],
        "summary": [summary],
        "scope": ["Readers of `src/cache.py` are affected."],
        "insights": {
            **{name: [] for name in DIMENSIONS},
            "tests": ["No test covers `check_age`."],
        },
        "risks": [{"severity": "medium", "text": "Old entries may be refused where `load_entry` is called."}],
        "suggestions": ["Test an entry that is older than 45."],
        "importance": {"tier": "high", "reason": "Every reader of the cache is affected."},
        **more,
    }


def said(summary: str = "Entries are checked for their age.", **more: Any) -> str:
    """The same as text."""
    return json.dumps(full(summary, **more), ensure_ascii=False)


def noted(question: Question) -> str:
    """Notes on a part, or the full answer, whichever is asked for."""
    notes = {"findings": ["Entries are checked for their age."], "risks": []}
    return json.dumps(notes) if question.purpose == "part" else said()


def fixed(
    title: str = "Refuse old entries", patch: str = PATCH, path: str = "src/cache.py", **more: Any
) -> CommitObserved:
    """A commit with a small diff."""
    known = {"detail": "patch", "patch": patch, "patch_bytes": len(patch.encode()), **more}
    return commit(title, change(path, 2, 1), **known)


def request(seen: CommitObserved, depth: Depth = "deep", language: Language = "en") -> AnalysisRequested:
    """Somebody wants it analyzed."""
    return AnalysisRequested(
        repo=seen.repo, sha=seen.sha, committed_at=AT, language=language, depth=depth, reason="first", round=3001
    )


async def analyzed(
    asker: Script,
    seen: CommitObserved,
    depth: Depth = "deep",
    language: Language = "en",
    pieces: Callable[[], AsyncIterator[tuple[str, str]]] | None = None,
    limits: Limits | None = None,
    **more: Any,
) -> CommitAnalyzed:
    """What an analyst makes of it."""
    previous = more.pop("previous", None)
    analyst = Analyst(asker, limits=limits, **more)
    return await analyst.analyze(seen, pieces, static.analyze(seen), request(seen, depth, language), previous)


def gone() -> NoAnswer:
    """No endpoint answers."""
    failed = call().model_copy(update={"outcome": "transient"})
    return NoAnswer("the endpoint answers 503", (failed,))


def too_long(limit: int | None = None) -> TooLong:
    """The question is too long."""
    return TooLong(limit, (call().model_copy(update={"outcome": "too_long"}),))
