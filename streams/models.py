"""The models in use: who is asked, what it may cost, and what is remembered of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from agents.analyzers import static
from agents.analyzers.llm.analyst import Analyst, owed
from agents.analyzers.llm.limits import Limits
from agents.analyzers.llm.opening import opening
from agents.analyzers.llm.prompt import Prompts
from agents.analyzers.llm.remembered import Respondents
from agents.llm.budget import Budget, Spent
from agents.llm.chain import Chain
from agents.llm.prices import Prices
from agents.llm.purse import Purse
from agents.llm.settings import EndpointSettings
from schemas.analyses import AnalysisRequested, CommitAnalyzed, Effort
from schemas.commits import CommitObserved
from schemas.errors import CommitwireError, Reject, Retry
from schemas.model import Event
from schemas.reports import Opening, ReportPublished
from streams.clock import Clock
from streams.config import Settings
from streams.meter import UNMETERED, Meter
from streams.store.store import Store

AHEAD = 2  # times as many commits as slots: some are read and masked, or stored, while others are with the model
STORED_WITHIN = timedelta(minutes=2)  # between two events of a commit
LOST_AFTER = timedelta(minutes=9)  # before the stage gives up
_MILLION = 1_000_000
_log = logging.getLogger(__name__)


class Models:
    """Analyzes commits that are in the store, and opens reports, through a chain of endpoints within a budget."""

    def __init__(
        self,
        store: Store,
        chain: Chain,
        respondents: Respondents,
        purse: Purse,
        clock: Clock,
        settings: Settings,
        answered: Callable[[int], None],
        meter: Meter = UNMETERED,
    ) -> None:
        self.slots = AHEAD * settings.slots
        self._store = store
        self._chain = chain
        self._clock = clock
        self._prompts = Prompts(settings.prompts)
        self._attempts = settings.content_attempts
        self._answered = answered
        self._meter = meter
        self._purse = purse
        self._respondents = respondents
        self._analyst = Analyst(
            self._purse,
            self._prompts,
            Limits(attempts=settings.content_attempts),
            Answers(store),
            purse.depth,
            respondents,
        )
        self._missing: dict[str, datetime] = {}  # commits that are not in the store yet -> since when

    @classmethod
    async def of(
        cls,
        endpoints: Sequence[EndpointSettings],
        store: Store,
        clock: Clock,
        settings: Settings,
        answered: Callable[[int], None],
        meter: Meter = UNMETERED,
    ) -> Models:
        """The models of these endpoints; what was spent today is in the store."""
        today = clock.now().astimezone(UTC).date()
        money = None if settings.budget_money is None else round(settings.budget_money * _MILLION)
        spent = Spent(*await store.spent(today))
        budget = Budget(settings.budget_tokens, money, spent=spent, day=today)
        # the same on every start, for answers to be found again
        respondents = Respondents({one.label: one.model or one.label for one in endpoints})
        chain = Chain.of(endpoints, store.health(), clock.now)
        dearest = Prices(max(one.input_price for one in endpoints), max(one.output_price for one in endpoints))
        purse = Purse(chain, budget, dearest, clock.now, settings.slots)
        return cls(store, chain, respondents, purse, clock, settings, answered, meter)

    async def share(self, workers: int) -> None:
        """So many workers ask together: their budget, their requests per minute, what they know of the endpoints."""
        now = self._clock.now()
        self._purse.share(Spent(*await self._store.spent(now.astimezone(UTC).date())), workers)
        await self._chain.share(workers)

    async def close(self) -> None:
        """Close the connections."""
        await self._chain.close()

    async def analyze(self, events: Sequence[Event]) -> Sequence[Event]:
        """An analysis, or a debt, for each request."""
        requests = [event for event in events if isinstance(event, AnalysisRequested)]
        said = [await self._analyze(request) for request in requests]
        self._answered(len(said))
        return said

    async def _analyze(self, request: AnalysisRequested) -> CommitAnalyzed:
        known, commit = await asyncio.gather(
            self._store.analysis(request.repo, request.sha, request.language), self._commit(request)
        )
        if known is not None and known.round >= request.round:
            return known  # a repetition: it was analyzed before it could be acknowledged
        facts = static.analyze(commit)
        pieces = partial(self._store.pieces, request.repo, request.sha)
        try:
            analyzed = await self._analyst.analyze(commit, pieces, facts, request, known)
        except CommitwireError:
            raise
        except Exception as error:  # whatever a model's answer made us stumble over, its commit must not be lost
            _log.exception("analyzing %s failed", request.key)
            return owed(facts, request, known, f"{type(error).__name__}: {error}", Effort())
        self._count(analyzed.effort)
        return analyzed

    def _count(self, effort: Effort | None) -> None:
        for call in effort.calls if effort else ():
            self._meter.called(call)

    async def _commit(self, request: AnalysisRequested) -> CommitObserved:
        commit = await self._store.whole(request.repo, request.sha)
        if commit is not None:
            self._missing.pop(request.key, None)
            return commit
        since = self._missing.setdefault(request.key, self._clock.now())
        waited = self._clock.now() - since
        if waited > STORED_WITHIN and await self._store.is_analyzed(
            request.repo, request.sha
        ):  # later than it was said
            raise Reject(f"{request.key} is to be analyzed, but the store has only what was said of it")
        if waited > LOST_AFTER:
            raise Reject(f"{request.key} is to be analyzed, but it is not in the store")
        raise Retry(f"{request.key} is not in the store yet")

    async def open(self, report: ReportPublished) -> Opening | None:
        """The opening paragraph of a report, that made before where it fits; None when none can be had."""
        made = await opening(
            report,
            self._purse,
            self._prompts,
            self._attempts,
            earlier=await self._store.opening(report),
            respondents=self._respondents,
        )
        self._count(Effort(calls=made.calls))
        if made.calls:
            effort = made.opening.effort if made.opening else Effort(calls=made.calls)
            await self._store.save_opening(report, made.opening, effort)
        return made.opening


class Answers:
    """Analyses that the store remembers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, key: str) -> str | None:
        return await self._store.answer(key)
