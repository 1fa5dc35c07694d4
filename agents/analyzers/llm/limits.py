"""How much is asked of a model at each depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.analyzers.llm.diff import Room
from schemas.analyses import Depth


@dataclass(frozen=True, slots=True)
class Limits:
    """Tokens are per question: `tokens` of diff, beside which the message takes a quarter and the files a sixth of
    that; `answers` of an answer. `parts` a diff may be read in. `attempts` bring an answer that can be used.
    """

    tokens: Mapping[Depth, int] = field(default_factory=lambda: {"deep": 24_000, "standard": 12_000, "brief": 4_000})
    parts: Mapping[Depth, int] = field(default_factory=lambda: {"deep": 6, "standard": 3, "brief": 1})
    answers: Mapping[Depth, int] = field(default_factory=lambda: {"deep": 6_000, "standard": 4_000, "brief": 2_000})
    part_answer: int = 3_000
    attempts: int = 3
    beside: int = 3_500  # tokens of a question beside its diff, message and files

    def room(self, depth: Depth, ceiling: int | None = None) -> Room:
        """The room for a diff; `ceiling` is the most that a question to this model may hold."""
        tokens = self.tokens[depth]
        return Room(tokens if ceiling is None else min(tokens, ceiling), self.parts[depth])
