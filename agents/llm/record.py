"""A health record that forgets when the process ends."""

from __future__ import annotations

from agents.llm.port import Health


class MemoryRecord:
    """Implements HealthRecord."""

    def __init__(self) -> None:
        self.healths: dict[str, Health] = {}

    async def load(self, endpoint: str) -> Health:
        """What was saved last, or that nothing is known."""
        return self.healths.get(endpoint, Health())

    async def save(self, endpoint: str, health: Health) -> None:
        """Keep `health`."""
        self.healths[endpoint] = health
