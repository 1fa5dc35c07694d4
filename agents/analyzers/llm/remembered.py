"""An analysis made before, as the answer that it was made of, and where it is found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import ValidationError

from agents.analyzers.llm.answer import Asked, BriefAnswer, model_of
from schemas.analyses import DIMENSIONS, Call, CommitAnalyzed, Effort
from schemas.phrase import Code, Phrase


@dataclass(frozen=True, slots=True)
class Respondents:
    """By endpoint, the preferred one first, the model under whose name its answers are kept.

    Another model gives other answers; whichever of these was asked before need not be asked again.
    """

    models: Mapping[str, str] = field(default_factory=dict)

    def keys(self, asked: str) -> Iterator[str]:
        """Where an answer to what was asked may be found, that of the preferred model first."""
        return (_key(asked, model) for model in dict.fromkeys(self.models.values()))

    def key(self, asked: str, call: Call) -> str:
        """Where the answer of this call is kept."""
        return _key(asked, self.models.get(call.endpoint, call.model))


def _key(asked: str, model: str) -> str:
    return digest_of(model, asked)


def digest_of(*texts: str) -> str:
    """32 hex digits."""
    return hashlib.blake2b("\0".join(texts).encode("utf-8", "replace"), digest_size=16).hexdigest()


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
