"""The flow of a command over an open store: built from the settings, running while the command works."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from agents.llm.settings import EndpointSettings
from agents.scorers.rubric import Rubric
from reports.aggregator import Aggregator, Settled, WindowKey
from schemas.definition import Language
from schemas.reports import ReportDelivered
from streams.clock import Clock
from streams.colleagues import COMMAND, WORKER, Colleagues, beside
from streams.config import Settings
from streams.definitions import Definitions
from streams.deliverer import Deliverer
from streams.flow import PATIENCE_SECONDS, Flow
from streams.meter import UNMETERED, Meter
from streams.office import Office
from streams.pipeline import Pipeline
from streams.store.store import Store

if TYPE_CHECKING:
    from streams.models import Models

QUESTIONS = 7  # about one commit at most: six parts of a large diff, and what they amount to


def nothing_opens(window: WindowKey) -> bool:
    """For commands that revise reports and begin none."""
    return False


def nobody_waits(settled: Settled) -> None:
    """For commands that wait for the flow to be drained."""


def nobody_counts(analyses: int) -> None:
    """For commands that show no progress."""


@dataclass(frozen=True)
class Working:
    """What a command works with. Without `endpoints` no model is asked; `languages` are those in which one is, None
    those of the reports.

    `answered` hears how many analyses a model has just made, or failed to make. `only` names the stages to run (None:
    all). What is `continuous` has no end at which it could close days: they close when they are over.
    """

    store: Store
    settings: Settings
    clock: Clock
    deliverer: Deliverer
    endpoints: Sequence[EndpointSettings] = ()
    languages: tuple[Language, ...] | None = ()
    opens: Callable[[WindowKey], bool] = nothing_opens
    settled: Callable[[Settled], None] = nobody_waits
    answered: Callable[[int], None] = nobody_counts
    only: frozenset[str] | None = None
    continuous: bool = False
    meter: Meter = UNMETERED

    @asynccontextmanager
    async def flow(self) -> AsyncIterator[tuple[Flow, Pipeline]]:
        """What runs, and what it runs. What an earlier process left on the log is handled first.

        Meanwhile the commands of its user are answered.
        """
        async with AsyncExitStack() as stack:
            if models := await self._models():
                stack.push_async_callback(models.close)
            pipeline = await self._pipeline(models)
            broker, stages = self.settings.broker_url, pipeline.stages()
            colleagues = await stack.enter_async_context(beside(broker, stages, leaves=not self.continuous))
            flow = self._flow(pipeline, colleagues)
            await flow.start()
            stack.push_async_callback(flow.stop)
            # a command ends when its own work is done: it does not wait for a model that others have it ask
            pays = self.continuous and models is not None
            await stack.enter_async_context(Office(self.settings, self.store, flow, pays=pays))
            if not self.continuous:
                await flow.stored()
            yield flow, pipeline

    async def deliver_behind(self, flow: Flow, name: str) -> None:
        """Make the files of revisions that were published without being delivered."""
        behind = await self.store.behind(name)
        await self.say(flow, await self.deliverer.settle({(name, day): n for day, n in behind.items()}))

    async def say(self, flow: Flow, delivered: Sequence[ReportDelivered]) -> None:
        """Tell of deliveries, and wait until that is stored."""
        await flow.send(delivered, source="deliveries")
        await flow.drained()

    @property
    def longest_answer(self) -> float:
        """Seconds that the answer about one commit may take."""
        asked = sum(endpoint.longest_seconds for endpoint in self.endpoints)
        return QUESTIONS * self.settings.content_attempts * asked

    def _flow(self, pipeline: Pipeline, colleagues: Colleagues | None) -> Flow:
        stages = [stage for stage in pipeline.stages() if self.only is None or stage.name in self.only]
        left = colleagues.staffed if colleagues is not None else ()
        return Flow(
            self.settings.broker_url,
            self.clock,
            [stage for stage in stages if stage.name not in left],
            PATIENCE_SECONDS + self.longest_answer,
            self.settings.layout,
            self.meter,
            WORKER if self.continuous else COMMAND,
            colleagues,
        )

    async def _pipeline(self, models: Models | None) -> Pipeline:
        definitions = Definitions(self.store)
        await definitions.refresh()
        aggregator = Aggregator(
            self.store,
            self.store,
            definitions,
            self.clock.now,
            # a command waits for its models: it closes the days itself when nothing more comes
            close_limit=timedelta.max if models and not self.continuous else self.settings.close_limit,
            opens=self.opens,
            whole_days=self.continuous,
            settled=self.settled,
            models=models is not None,
            opener=models.open if models and self.settings.opening else None,
        )
        rubric = Rubric.load(self.settings.rubric) if self.settings.rubric else Rubric.shipped()
        rubric.profile(self.settings.profile)  # it is said now that there is none
        languages = self.languages if models else ()
        return Pipeline(self.store, rubric, definitions, aggregator, self.deliverer, models, languages)

    async def _models(self) -> Models | None:
        if not self.endpoints:
            return None
        from streams.models import Models  # a second of imports that a static report does without

        return await Models.of(self.endpoints, self.store, self.clock, self.settings, self.answered, self.meter)
