"""A process that goes on until it is told to stop: `commitwire up`, `worker` and `ingest`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from agents.llm.settings import EndpointSettings
from reports.aggregator import Aggregator, WindowKey
from reports.deliveries.files import ReportFiles
from schemas.errors import Retry
from schemas.topics import WINDOWS
from schemas.windows import WindowTouched
from streams.clock import Clock
from streams.config import Settings, machine_zone
from streams.deliverer import Deliverer
from streams.endpoints import endpoints
from streams.flow import Flow
from streams.intake import Intake, readable
from streams.listener import Check, Listener, store_answers
from streams.metrics import Metrics
from streams.models import Models
from streams.office import Office
from streams.paying import Paying
from streams.progress import Progress
from streams.sharing import Sharing
from streams.sources.repository import Place, locate
from streams.store.store import Store
from streams.survey import Survey
from streams.working import Working

REMIND_SECONDS = 30.0

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

    def __init__(self, role: Role, settings: Settings, clock: Clock, progress: Progress) -> None:
        self.role, self.settings, self.clock, self.progress = role, settings, clock, progress
        self._ended = asyncio.Event()
        self._metrics = Metrics(clock.now)
        self._asked: Sequence[EndpointSettings] = endpoints(settings) if role.stages else ()

    def stop(self) -> None:
        self.progress.complain(f"{self.role.name} is stopping; a second signal ends it at once")
        self._ended.set()

    async def run(self) -> None:
        """Until `stop`. Raises Stop errors with a sentence for the user."""
        places = [locate(repo) for repo in self.settings.repos] if self.role.ingests else []
        async with AsyncExitStack() as stack:
            store = await Store.open(self.settings.store_url)
            stack.push_async_callback(store.close)
            self._metrics.survey = Survey(store)
            working = self._working(store)
            intake = self._intake(store, places)
            flow = await stack.enter_async_context(working.flow())
            self._metrics.lag = flow.lag
            await stack.enter_async_context(self._listening(store, flow, intake))
            await stack.enter_async_context(Office(self.settings, store, flow, pays=bool(self._asked)))
            self.progress.complain(f"{self.role.name} is running")
            await self._until_the_end(flow, self._work(flow, store, working, intake))

    def _work(self, flow: Flow, store: Store, working: Working, intake: Intake) -> list[Awaitable[None]]:
        work: list[Awaitable[None]] = [flow.failure(), _event(self._ended)]
        if self.role.ingests:
            work.append(intake.go(flow, self._wait))
        if "windows" in self.role.stages:
            work.append(self._remind(flow))
        if "models" in self.role.stages and self._asked:
            work.append(Sharing(store, self._models, self._wait).go())
            owns = partial(flow.reads_first, WINDOWS)
            pays = Paying(store, flow, self._wait, working.longest_answer, self.settings.every_seconds, owns)
            work.append(pays.go())
        return work

    async def _until_the_end(self, flow: Flow, work: Sequence[Awaitable[None]]) -> None:
        """The first that ends, ends all: by an error, which is raised, or because `stop` was called."""
        tasks = [asyncio.ensure_future(one) for one in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._ended.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._ended.wait(), seconds)
        except TimeoutError:
            return True
        return False

    def _working(self, store: Store) -> Working:
        files = ReportFiles(self.settings.out, self.settings.formats, self.settings.templates)
        return Working(
            store,
            self.settings,
            self.clock,
            Deliverer(files, store, wants=self._is_ours),
            self._asked,
            languages=(self.settings.language,),
            opens=self._is_ours,
            only=self.role.stages,
            continuous=True,
            meter=self._metrics,
            closes=self._closes,
            asks=self._asks,
        )

    def _asks(self, models: Models) -> None:
        self._models = models

    def _closes(self, aggregator: Aggregator) -> None:
        self._aggregator = aggregator
        self._metrics.windows = lambda: {"waiting": len(aggregator.waiting), "held": len(aggregator.held)}

    async def _remind(self, flow: Flow) -> None:
        """Time alone can make a window ready: those that wait are looked at again now and then."""
        while await self._wait(REMIND_SECONDS):
            pending = sorted(self._aggregator.waiting | self._aggregator.held)
            await flow.send([WindowTouched(definition=n, day=d, cause="rows") for n, d in pending], source="windows")

    def _is_ours(self, window: WindowKey) -> bool:
        """A process that does everything has its own report; workers serve all."""
        return not self.role.ingests or window[0] == self.settings.name

    def _intake(self, store: Store, places: Sequence[Place]) -> Intake:
        zone = self.settings.zone or machine_zone()
        models = bool(self._asked)
        return Intake(store, self.settings, self.clock, places, zone, self._metrics, self.progress, models)

    def _listening(self, store: Store, flow: Flow, intake: Intake) -> Listening:
        ready = [Check("broker", _joined(flow)), store_answers(store), Check("sources", lambda: readable(intake))]
        return Listening(self.settings, self._metrics, ready, [Check("flow", _running(flow))])


class Listening:
    """The listener of a service, where one is wanted, for as long as the body runs."""

    def __init__(self, settings: Settings, metrics: Metrics, ready: Sequence[Check], alive: Sequence[Check]) -> None:
        host, _, port = settings.listen.rpartition(":")
        self._listener = (
            Listener(host.strip("[]"), int(port), settings.listen_token, metrics, ready, alive)
            if settings.listen
            else None
        )

    async def __aenter__(self) -> str:
        """The URL, or "" where nobody listens."""
        if self._listener is None:
            return ""
        await self._listener.start()
        return self._listener.url

    async def __aexit__(self, *_: object) -> None:
        if self._listener is not None:
            await self._listener.stop()


def _joined(flow: Flow) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        if not flow.has_joined:
            raise Retry("the broker has not said yet which partitions are read here")

    return ask


def _running(flow: Flow) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        flow.check()

    return ask


async def _event(event: asyncio.Event) -> None:
    await event.wait()
