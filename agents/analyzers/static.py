"""The static analysis: what a commit does and risks, by rules alone. Never fails, reads nothing."""

from __future__ import annotations

from agents.analyzers.facts import classified, facts_of, message_facts
from agents.analyzers.insights import insights_of, unknown_insights
from agents.analyzers.phrases import say, short
from agents.analyzers.risks import risks_and_suggestions
from agents.analyzers.scope import scope_of
from agents.analyzers.summary import summary_of
from agents.analyzers.titles import read
from schemas.analyses import ROUNDS, Analysis, CommitAnalyzed, Facts
from schemas.commits import CommitObserved
from schemas.phrase import Code

ANALYZER = "static/1"  # the number rises when the same commit would be analyzed otherwise


def analyze(commit: CommitObserved) -> CommitAnalyzed:
    """The analysis of a commit, for readers of every tier; the renderer selects."""
    title = read(commit.title)
    files = classified(commit)
    facts = facts_of(commit, title, files)
    risks, suggestions = risks_and_suggestions(facts, files)
    analysis = Analysis(
        change_types=facts.change_types,
        summary=summary_of(commit, title, facts),
        scope=scope_of(commit, facts, files),
        insights=insights_of(commit, facts, files),
        risks=risks,
        suggestions=suggestions,
    )
    return _analyzed(commit, facts, analysis)


def failed(commit: CommitObserved, reason: str) -> CommitAnalyzed:
    """What stands in for an analysis that could not be made: the facts of the message, and the reason."""
    facts = message_facts(commit, read(commit.title))
    analysis = Analysis(
        change_types=facts.change_types,
        summary=(say(Code.SUMMARY_FAILED, reason=short(reason)),),
        scope=(say(Code.SCOPE_UNKNOWN),),
        insights=unknown_insights(),
        risks=(say(Code.RISK_UNKNOWN),),
        suggestions=(say(Code.SUGGEST_UNKNOWN),),
    )
    return _analyzed(commit, facts, analysis).model_copy(update={"status": "failed", "reason": reason})


def _analyzed(commit: CommitObserved, facts: Facts, analysis: Analysis) -> CommitAnalyzed:
    return CommitAnalyzed(
        repo=commit.repo,
        sha=commit.sha,
        committed_at=commit.committed_at,
        analyzer=ANALYZER,
        round=commit.version * ROUNDS,  # more detail makes a better analysis
        facts=facts,
        analysis=analysis,
    )
