"""An endpoint under test, on simulated time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from agents.llm.endpoint import Endpoint
from agents.llm.port import HealthRecord
from agents.llm.record import MemoryRecord
from agents.llm.settings import EndpointSettings
from tests.agents.llm.clock import Simulated


@asynccontextmanager
async def asking(
    url: str, *, clock: Simulated | None = None, record: HealthRecord | None = None, **settings: Any
) -> AsyncIterator[Endpoint]:
    """An endpoint whose waits take no time."""
    clock = clock or Simulated()
    made = EndpointSettings(url=url, **settings)
    endpoint = Endpoint(
        made, record or MemoryRecord(), clock.now, sleep=clock.sleep, seconds=clock.seconds, random=Random(1)
    )
    try:
        yield endpoint
    finally:
        await endpoint.close()
