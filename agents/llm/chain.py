"""Several endpoints in the order in which they are preferred."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from agents.llm.endpoint import Endpoint
from agents.llm.port import Answer, HealthRecord, NoAnswer, Question, TooLong
from agents.llm.settings import EndpointSettings
from schemas.analyses import Call
from schemas.errors import Misuse


class Chain:
    """Implements Asker: where one endpoint has no answer, the next one is asked."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        if not endpoints:
            raise Misuse("a chain needs at least one endpoint")
        twice = [name for name, n in Counter(e.name for e in endpoints).items() if n > 1]
        if twice:
            raise Misuse(f"two endpoints are called {twice[0]}: give each a name of its own")
        self._endpoints = tuple(endpoints)

    @classmethod
    def of(
        cls,
        settings: Sequence[EndpointSettings],
        record: HealthRecord,
        now: Callable[[], datetime],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        seconds: Callable[[], float] | None = None,
    ) -> Chain:
        """The chain of the configured endpoints; the clocks are those of Endpoint."""
        return cls([Endpoint(each, record, now, sleep=sleep, seconds=seconds) for each in settings])

    async def ask(self, question: Question) -> Answer:
        """One answer. Raises NoAnswer, with the calls made in vain at every endpoint, or TooLong."""
        reasons: list[str] = []
        vain: tuple[Call, ...] = ()
        for endpoint in self._endpoints:
            try:
                return replace(await endpoint.ask(question), vain=vain)
            except NoAnswer as error:
                reasons.append(error.reason)
                vain += error.calls
            except TooLong as error:
                raise TooLong(error.limit, vain + error.calls) from None
        raise NoAnswer(self._reason(reasons), vain)

    async def share(self, workers: int) -> None:
        """So many workers ask these endpoints; what they found out is taken up."""
        for endpoint in self._endpoints:
            await endpoint.share(workers)

    async def close(self) -> None:
        """Close all connections."""
        for endpoint in self._endpoints:
            await endpoint.close()

    def _reason(self, reasons: list[str]) -> str:
        """That of the preferred endpoint: it is the one to be put right."""
        if len(reasons) == 1:
            return reasons[0]
        return f"{self._endpoints[0].name}: {reasons[0]} (none of {len(reasons)} endpoints answers)"
