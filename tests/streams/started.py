"""A flow that runs while a test does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streams.flow import Flow


@asynccontextmanager
async def started(flow: Flow, seconds: float) -> AsyncIterator[Flow]:
    """It is stopped at the end, and nothing may take longer than so many seconds."""
    async with asyncio.timeout(seconds):
        await flow.start()
        try:
            yield flow
        finally:
            await flow.stop()
