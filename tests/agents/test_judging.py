"""Whom a scorer asks, how deeply, and when it has its last word."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from agents.analyzers import static
from agents.scorers.judging import STEP, judge
from agents.scorers.rubric import Rubric
from schemas.analyses import AnalysisRequested, CommitAnalyzed, Effort, Importance
from schemas.definition import LANGUAGES, Language
from schemas.scores import CommitScored
from tests.samples import commit

RUBRIC = Rubric.shipped()


def analyzed(title: str, **changes: Any) -> CommitAnalyzed:
    told = {"title": title, "detail": "message", "files": (), "files_total": None}  # then the type alone decides
    return static.analyze(commit(1).model_copy(update=told)).model_copy(update=changes)


def by_model(title: str, **changes: Any) -> CommitAnalyzed:
    told = {"analyzer": "llm", "language": "en", "depth": "brief", "wanted": "brief", "effort": Effort()}
    return analyzed(title, **{**told, **changes})


def said(one: CommitAnalyzed, *languages: Language) -> tuple[CommitScored, list[AnalysisRequested]]:
    score, *requests = judge(one, RUBRIC, ("default",), languages)
    assert isinstance(score, CommitScored)
    asked = [request for request in requests if isinstance(request, AnalysisRequested)]
    assert len(asked) == len(requests)
    return score, asked


def test_without_a_model_the_score_is_final() -> None:
    score, requests = said(analyzed("feat: x"))
    assert (score.final, requests) == (True, [])


def test_each_language_is_asked_for_in_a_round_of_its_own() -> None:
    one = analyzed("feat: x")
    score, requests = said(one, *LANGUAGES)
    assert not score.final
    assert [(r.language, r.reason) for r in requests] == [(language, "first") for language in LANGUAGES]
    rounds = [request.round for request in requests]
    assert len({one.round, *rounds, *(n + STEP for n in rounds)}) == 1 + 2 * len(rounds)
    assert min(rounds) > one.round


@pytest.mark.parametrize(("tier", "depth"), [("high", "deep"), ("medium", "standard"), ("low", "brief")])
def test_the_tier_decides_how_deeply(tier: str, depth: str) -> None:
    titles = {"high": "security: x", "medium": "fix: x", "low": "docs: x"}
    score, (request,) = said(analyzed(titles[tier]), "en")
    assert (score.tier, request.depth) == (tier, depth)


@pytest.mark.parametrize("changes", [{"status": "failed"}, {"facts": analyzed("Merge x").facts}])
def test_nobody_is_asked_about_merges_and_what_failed(changes: dict[str, Any]) -> None:
    facts = changes.get("facts")
    told = {"facts": replace(facts, is_merge=True)} if facts else changes
    score, requests = said(analyzed("feat: x", **told), "en")
    assert (score.final, requests) == (True, [])


def test_a_lifted_commit_is_asked_about_once_more() -> None:
    lift = Importance(tier="high", reason="it matters")
    first = by_model("fix: x", depth="standard", wanted="standard", importance=lift)
    score, (request,) = said(first, "en")
    assert (score.tier, score.ruled, score.opinion, score.final) == ("high", "medium", "high", False)
    assert (request.depth, request.reason, request.round) == ("deep", "deeper", first.round + STEP)
    second = first.model_copy(update={"round": request.round, "wanted": "deep", "reason": "could not be asked"})
    score, requests = said(second, "en")
    assert (score.final, requests) == (True, [])


def ready(language: Language, told: list[Any]) -> bool:
    """Whether a report in the language may show the commit, as the store sees it: by what came last of each kind."""
    scores = [event for event in told if isinstance(event, CommitScored)]
    last = max(scores, key=lambda one: (one.round, one.final))
    mine = max(
        (one for one in scores if one.language == language), key=lambda one: (one.round, one.final), default=None
    )
    asked = max((e.round for e in told if isinstance(e, CommitAnalyzed) and e.language == language), default=None)
    return asked is not None and last.final and mine is not None and mine.final and mine.round >= asked


@pytest.mark.parametrize("lifted", [*LANGUAGES, "both"])
def test_no_language_is_ready_before_its_deeper_analysis(lifted: str) -> None:
    """In whatever order the answers come: each is told at once, its score later."""
    one = analyzed("fix: x")
    [score, *requests] = judge(one, RUBRIC, ("default",), LANGUAGES)
    done: list[Any] = []
    for request in requests:
        assert isinstance(request, AnalysisRequested)
        importance = Importance(tier="high" if lifted in (request.language, "both") else "medium", reason="so")
        asked: dict[str, Any] = {"language": request.language, "round": request.round, "wanted": "standard"}
        done.append(by_model("fix: x", **asked, depth="standard", importance=importance))
    for order in permutations(done):
        told: list[Any] = [one, score]
        awaited: list[CommitAnalyzed] = []
        for answer in order:
            told.append(answer)
            assert not ready(answer.language, told)
            said = judge(answer, RUBRIC, ("default",), LANGUAGES)
            told += [event for event in said if isinstance(event, CommitScored)]
            awaited += [deeper(answer, event) for event in said if isinstance(event, AnalysisRequested)]
            assert all(not ready(a.language, told) for a in awaited)  # type: ignore[arg-type]
        for answer in awaited:
            told += [answer, *judge(answer, RUBRIC, ("default",), LANGUAGES)]
        assert all(ready(language, told) for language in LANGUAGES)


def deeper(answer: CommitAnalyzed, request: AnalysisRequested) -> CommitAnalyzed:
    return answer.model_copy(update={"round": request.round, "depth": request.depth, "wanted": request.depth})


@pytest.mark.parametrize("status", ["owed", "forgiven"])
def test_a_debt_has_the_last_word_until_it_is_paid(status: str) -> None:
    score, requests = said(by_model("feat: x", status=status, depth="static", wanted="deep"), "en")
    assert (score.final, requests) == (True, [])
