"""What a scorer says of an analysis: a score for each profile, and whom to ask next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agents.scorers.depth import deeper, depth_of
from agents.scorers.rubric import Rubric, score
from schemas.analyses import DEPTHS, AnalysisRequested, CommitAnalyzed, Depth
from schemas.definition import LANGUAGES, Language
from schemas.model import Event
from schemas.scores import CommitScored

STEP = len(LANGUAGES)  # rounds from one analysis by a model to the next one in the same language


def judge(
    analyzed: CommitAnalyzed, rubric: Rubric, profiles: Sequence[str], languages: Sequence[Language]
) -> list[Event]:
    """The scores, final unless more is asked, and the requests to a model: one for each of `languages`, the first time.

    A commit that a model lifts to a higher tier is asked about once more, as deeply as that tier deserves. `languages`
    is empty where no model is used.
    """
    scores = [score(analyzed, rubric, profile) for profile in profiles]
    requests = list(_requests(analyzed, scores, languages))
    return [*(one.model_copy(update={"final": not requests}) for one in scores), *requests]


def _requests(
    analyzed: CommitAnalyzed, scores: Sequence[CommitScored], languages: Sequence[Language]
) -> Iterator[AnalysisRequested]:
    if analyzed.status != "done" or analyzed.facts.is_merge:
        return
    if analyzed.depth == "static":
        depth = depth_of([one.tier for one in scores])
        for language in languages:
            yield _request(analyzed, language, depth, analyzed.round + 1 + LANGUAGES.index(language))
    elif languages:
        lifted = [depth for depth in (deeper(one, analyzed) for one in scores) if depth is not None]
        for language in LANGUAGES:
            if lifted and language == analyzed.language:
                yield _request(analyzed, language, max(lifted, key=DEPTHS.index), analyzed.round + STEP)


def _request(analyzed: CommitAnalyzed, language: Language, depth: Depth, round_: int) -> AnalysisRequested:
    return AnalysisRequested(
        repo=analyzed.repo,
        sha=analyzed.sha,
        committed_at=analyzed.committed_at,
        language=language,
        depth=depth,
        reason="first" if analyzed.depth == "static" else "deeper",
        round=round_,
    )
