"""A process that goes on until it is told to stop: `commitwire up`, `worker` and `ingest`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from agents.llm.settings import EndpointSettings
from reports.aggregator import WindowKey
from reports.deliveries.files import ReportFiles
from schemas.topics import REQUESTS, WINDOWS
from streams import doorway
from streams.clock import Clock
from streams.config import Settings, machine_zone
from streams.deliverer import Deliverer
from streams.endpoints import endpoints
from streams.flow import Flow
from streams.health import Health
from streams.intake import Intake
from streams.lifetime import Ending, Lifetime, first, patiently
from streams.listener import Listener
from streams.metrics import Metrics
from streams.paying import Paying
from streams.pipeline import Pipeline
from streams.progress import Progress
from streams.reminding import Reminding
from streams.sharing import Sharing
from streams.sources.repository import Place, locate
from streams.store.store import Store
from streams.survey import Survey
from streams.working import Working

Opened = TypeVar("Opened")
_log = logging.getLogger(__name__)

# what a worker can be told to run -> the stages of streams.pipeline
PARTS = {
    "analyzers": ("analyzers", "models"),
    "scorers": ("scorers",),
    "store": ("store",),
    "windows": ("windows",),
    "reports": ("deliveries",),
}


@dataclass(frozen=True)
class Role:
    """What a process does of the whole: some stages, and whether it looks at the sources."""

    name: str
    stages: frozenset[str]
    ingests: bool

    @classmethod
    def of(cls, name: str, parts: Collection[str], *, ingests: bool) -> Role:
        return cls(name, frozenset(stage for part in parts for stage in PARTS[part]), ingests)


class Service:
    """Runs a role. `stop` makes `run` return in order: what is at hand is finished, nothing new is begun."""

    def __init__(
        self, role: Role, settings: Settings, clock: Clock, progress: Progress, *, redefine: bool = False
    ) -> None:
        self.role, self.settings, self.clock, self.progress = role, settings, clock, progress
        self._redefine = redefine
        self._lifetime = Lifetime()
        self._metrics = Metrics(clock.now)
        self._asked: Sequence[EndpointSettings] = endpoints(settings) if role.stages else ()
        self._health = Health(ingests=role.ingests)

    def stop(self) -> None:
        _log.warning("%s is stopping; a second signal ends it at once", self.role.name)
        self._lifetime.end()

    async def run(self) -> None:
        """Until `stop`. Raises Stop errors with a sentence for the user."""
        with suppress(Ending):
            async with AsyncExitStack() as stack:
                await self._run(stack)

    async def _run(self, stack: AsyncExitStack) -> None:
        places = [locate(repo) for repo in self.settings.repos] if self.role.ingests else []
        if self.settings.listen:
            health, token = self._health, self.settings.listen_token
            listener = Listener.at(self.settings.listen, token, self._metrics, health.ready, health.alive)
            await stack.enter_async_context(listener)
        store = self._health.store = await self._opened(lambda: Store.open(self.settings.store_url))
        stack.push_async_callback(store.close)
        self._metrics.survey = Survey(store)
        stack.push_async_callback(self._metrics.survey.stop)
        working = self._working(store)
        flow, pipeline = await self._opened(lambda: stack.enter_async_context(working.flow()))
        self._health.flow, self._metrics.lag = flow, flow.lag
        _log.info("%s is running", self.role.name)
        await self._until_the_end([flow.failure(), *self._work(flow, pipeline, working, places)])

    async def _opened(self, open_: Callable[[], Awaitable[Opened]]) -> Opened:
        """As soon as it is there. Raises Ending when told to stop before."""
        return await patiently(lambda: self._lifetime.unless_over(open_()), self._lifetime.wait)

    def _work(
        self, flow: Flow, pipeline: Pipeline, working: Working, places: Sequence[Place]
    ) -> list[Coroutine[None, None, None]]:
        """What goes on beside the stages."""
        store, wait = working.store, self._lifetime.wait
        work: list[Coroutine[None, None, None]] = []
        if self.role.ingests:
            intake = self._health.intake = self._intake(store, places)
            work.append(intake.go(flow, wait))
        owns = partial(flow.reads_first, WINDOWS)
        if self.role.stages:
            aggregator, definitions = pipeline.aggregator, pipeline.definitions
            self._metrics.windows = lambda: {"waiting": len(aggregator.waiting), "held": len(aggregator.held)}
            reminding = Reminding(store, flow, aggregator, definitions, self.clock, owns, self._is_ours)
            work.append(reminding.go(wait))
        if "models" in self.role.stages and pipeline.models:
            pays = partial(flow.reads_first, REQUESTS)
            work.append(Paying(store, flow, wait, working.longest_answer, self.settings.every_seconds, pays).go())
            if not doorway.is_owned(self.settings):  # else there is nobody to share with
                work.append(Sharing(store, pipeline.models, wait).go())
        return work

    async def _until_the_end(self, work: Sequence[Coroutine[None, None, None]]) -> None:
        """The first that ends, ends all: by an error, which is raised, or because `stop` was called."""
        try:
            await first(self._lifetime.over(), *work)
        except Exception as error:
            if not self._lifetime.is_over:
                raise
            # a stop ends git and whatever else is under way: what comes of that in the same moment is no failure
            _log.info("interrupted while stopping: %s", error)
        finally:
            self._lifetime.end()

    def _working(self, store: Store) -> Working:
        files = ReportFiles(self.settings.out, self.settings.formats, self.settings.templates)
        return Working(
            store,
            self.settings,
            self.clock,
            Deliverer(files, store, shared=not doorway.is_owned(self.settings), wants=self._is_ours),
            self._asked,
            languages=(self.settings.language,) if self._is_alone else None,
            opens=self._is_ours,
            only=self.role.stages,
            continuous=True,
            meter=self._metrics,
        )

    @property
    def _is_alone(self) -> bool:
        """Whether it does everything, and nobody else can: then it has its own report. Workers serve all."""
        return self.role.ingests and doorway.is_owned(self.settings)

    def _is_ours(self, window: WindowKey) -> bool:
        return not self._is_alone or window[0] == self.settings.name

    def _intake(self, store: Store, places: Sequence[Place]) -> Intake:
        zone = self.settings.zone or machine_zone()
        models = bool(endpoints(self.settings))
        meter, progress, redefine = self._metrics, self.progress, self._redefine
        return Intake(store, self.settings, self.clock, places, zone, meter, progress, models, redefine)
