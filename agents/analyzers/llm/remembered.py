"""An analysis made before, as the answer that it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import ValidationError

from agents.analyzers.llm.answer import DIMENSIONS, Asked, BriefAnswer, model_of
from schemas.analyses import CommitAnalyzed, Effort
from schemas.phrase import Code, Phrase


class Remembered(NamedTuple):
    """What a model said once, and what it took."""

    answer: BriefAnswer
    effort: Effort


def answer_of(event: str, depth: Asked) -> Remembered | None:
    """The answer in the JSON of a CommitAnalyzed; None where it is not one of a model at this depth."""
    try:
        analyzed = CommitAnalyzed.model_validate_json(event)
    except ValidationError:
        return None
    if analyzed.effort is None or analyzed.depth != depth or analyzed.importance is None:
        return None
    try:
        answer = model_of(depth).model_validate(_said(analyzed))
    except ValidationError:
        return None
    return Remembered(answer, analyzed.effort)


def _said(analyzed: CommitAnalyzed) -> dict[str, object]:
    analysis = analyzed.analysis
    risks = [phrase.args for phrase in analysis.risks if phrase.code is Code.RISK_TEXT]
    return {
        "change_types": list(analysis.change_types),
        "summary": _texts(analysis.summary),
        "scope": _texts(analysis.scope),
        "insights": {name: _texts(getattr(analysis.insights, name)) for name in DIMENSIONS},
        "risks": risks,
        "suggestions": _texts(analysis.suggestions),
        "importance": analyzed.importance.model_dump() if analyzed.importance else None,
    }


def _texts(phrases: Sequence[Phrase]) -> list[object]:
    return [phrase.args["text"] for phrase in phrases if phrase.code is Code.TEXT]
