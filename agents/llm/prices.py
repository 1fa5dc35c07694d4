"""What tokens cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prices:
    """For a million tokens. That makes the price of one token a number of millionths, as costs are counted."""

    input: float = 0.0
    output: float = 0.0

    def cost(self, prompt_tokens: int, completion_tokens: int) -> int:
        """In millionths of the price's currency."""
        return round(prompt_tokens * self.input + completion_tokens * self.output)
