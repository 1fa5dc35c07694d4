"""The models in use: who is asked, what it may cost, and what is remembered of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC
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
from schemas.errors import Reject, Retry, Stop
from schemas.model import Event
from schemas.reports import Opening, ReportPublished
from streams.clock import Clock
from streams.config import Settings
from streams.meter import UNMETERED, Meter
from streams.policy import Backoff, Tries
from streams.store.store import Store

AHEAD = 2  # times as many commits as slots: some are read and masked, or stored, while others are with the model
STORED_WITHIN = 120.0  # seconds that a commit may be stored after what was said of it, before that is used alone
LOOKS = Backoff(first=0.25, longest=5.0, total=86_400.0)  # for a commit of which nothing is stored: the store is behind
UNSTORED = "the commit was not stored yet"  # a reason of debts; the catalogues have words for it
_MILLION = 1_000_000
_Question = tuple[str, str, str, int]  # repo, sha, language, round
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
        self._under_way: dict[_Question, asyncio.Task[CommitAnalyzed]] = {}

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
        account = await self._store.account(now.astimezone(UTC).date(), self._purse.untold)
        self._purse.share(Spent(account.tokens, account.cost), account.entered, workers, now)
        await self._chain.share(workers)

    async def close(self) -> None:
        """Close the connections."""
        await self._chain.close()

    async def analyze(self, events: Sequence[Event]) -> Sequence[Event]:
        """An analysis, or a debt, for each request."""
        requests = [event for event in events if isinstance(event, AnalysisRequested)]
        said = [await self._once(request) for request in requests]
        self._answered(len(said))
        return said

    async def _once(self, request: AnalysisRequested) -> CommitAnalyzed:
        """The analysis; who asks for one that is being made gets the same. The end of the stage cancels all."""
        question = (request.repo, request.sha, request.language, request.round)
        if question not in self._under_way:
            self._under_way[question] = task = asyncio.create_task(self._analyze(request))
            task.add_done_callback(lambda _: self._under_way.pop(question))
        return await self._under_way[question]

    async def _analyze(self, request: AnalysisRequested) -> CommitAnalyzed:
        """Waits for as long as the store is behind, which makes the stage take no more than it can do."""
        looks = Tries(LOOKS)
        while True:
            known, commit = await asyncio.gather(
                self._store.analysis(request.repo, request.sha, request.language),
                self._store.whole(request.repo, request.sha),
            )
            if known is not None and known.round >= request.round:
                return known  # a repetition: it was analyzed before it could be acknowledged
            if commit is not None:
                return await self._made(commit, request, known)
            if looks.waited >= STORED_WITHIN and (facts := await self._store.static(request.repo, request.sha)):
                return owed(facts, request, known, UNSTORED, Effort())
            await self._later(request, looks)

    async def _later(self, request: AnalysisRequested, looks: Tries) -> None:
        """Return when it is time for another look. Raises Reject after a day."""
        seconds = looks.pause()
        if seconds is None:
            raise Reject(f"{request.key} is to be analyzed, but nothing of it came to the store in a day")
        if looks.waited - seconds < STORED_WITHIN <= looks.waited:
            _log.warning("%s is to be analyzed and not in the store yet: it is waited for", request.key)
        await asyncio.sleep(seconds)

    async def _made(
        self, commit: CommitObserved, request: AnalysisRequested, known: CommitAnalyzed | None
    ) -> CommitAnalyzed:
        facts = static.analyze(commit)
        pieces = partial(self._store.pieces, request.repo, request.sha)
        try:
            analyzed = await self._analyst.analyze(commit, pieces, facts, request, known)
        except (Retry, Stop):
            raise
        except Exception as error:  # whatever a model's answer made us stumble over, its commit must not be lost
            _log.exception("analyzing %s failed", request.key)
            return owed(facts, request, known, f"{type(error).__name__}: {error}", Effort())
        self._count(analyzed.effort)
        return analyzed

    def _count(self, effort: Effort | None) -> None:
        for call in effort.calls if effort else ():
            self._meter.called(call)

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
