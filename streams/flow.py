"""The running whole: stages on topics, one process's share of them, from start to stop."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from schemas.errors import CommitwireError, Retry, Stop
from schemas.model import Event
from schemas.topics import Topic
from streams.application import STOP_SECONDS, Application
from streams.clock import Clock
from streams.colleagues import WORKER, Colleagues
from streams.config import masked
from streams.decoder import Decoder
from streams.lifetime import Ending, Lifetime
from streams.meter import UNMETERED, Meter
from streams.outbox import Outbox
from streams.stage import Stage, StageLoop
from streams.transports.broker import ONE_PARTITION, EmbeddedBroker, Layout, parse
from streams.transports.notice import Notice
from streams.transports.record import NewRecord, Partition

ROOM = 500  # unacknowledged records of a topic, above which a source waits
START_SECONDS = 60.0
PATIENCE_SECONDS = 900.0  # without any acknowledgement; a stage that tries again gives up before
_log = logging.getLogger(__name__)


class Flow:
    """Runs stages on the broker at `url`.

    A flow that cannot go on stops by itself: its stages finish the batch at hand and take no other, and `send`,
    `drained` and `failure` raise the reason. `stop` must be called in any case, to give the broker up. Waiting for the
    stages ends with Stop when nothing at all was acknowledged for `patience` seconds.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        stages: Sequence[Stage],
        patience: float = PATIENCE_SECONDS,
        layout: Layout = ONE_PARTITION,
        meter: Meter = UNMETERED,
        member: str = WORKER,
        colleagues: Colleagues | None = None,
    ) -> None:
        self._url = url
        self._member = member
        self._colleagues = colleagues
        self._layout = layout
        self._meter = meter
        self._patience = patience
        self._clock = clock
        self._stages = stages
        self._decoder = Decoder(stage.reads for stage in stages)
        self._loops: list[StageLoop] = []
        self._apps: list[Application] = []
        self._changed = Notice()
        self._error: Stop | None = None
        self._lifetime = Lifetime()
        self._open = False

    # -- from start to stop

    async def start(self) -> None:
        """Returns when the stages are reading. Raises Retry when the broker is away, Stop when it cannot be used."""
        for name, stages in groups(self._url, self._stages).items():
            self._apps.append(self._application(name))
            for stage in stages:
                self._add(self._apps[-1], stage)
        self._apps[0].transport.open()
        self._open = True
        try:
            await self._start_apps()
        except BaseException:
            await self.stop()
            raise

    def _application(self, name: str) -> Application:
        app = Application(
            self._url,
            give_up=self._give_up,
            changed=self._changed,
            stages=name,
            layout=self._layout,
            member=self._member,
        )
        if not self._apps:
            self._outbox = Outbox(app, self._clock, self._decoder, self._lifetime.wait, meter=self._meter)
        return app

    async def _start_apps(self) -> None:
        starting = asyncio.gather(*(self._start_app(app) for app in self._apps))
        try:
            async with asyncio.timeout(START_SECONDS):
                await starting
        except TimeoutError:
            raise Retry(f"{masked(self._url)} did not let us read within {START_SECONDS:.0f} s; check it") from None
        except CommitwireError:
            raise
        except Exception as error:  # of the broker's client
            kind = Retry if getattr(error, "retriable", False) else Stop
            raise kind(f"{masked(self._url)} cannot be used: {error}; check it and start again") from error
        self._watching = [asyncio.ensure_future(self._watch(app)) for app in self._apps]
        self.check()

    async def _start_app(self, app: Application) -> None:
        await app.start()
        if app.agents:
            await app.joined.wait()

    async def stop(self) -> None:
        """Let the stages finish the batch at hand, for some seconds, and give the broker up. May be called again."""
        if not self._open:
            return
        self._open = False
        self._end()
        stopping = {asyncio.ensure_future(app.stop()) for app in self._apps}
        try:
            await asyncio.wait(stopping, timeout=2 * STOP_SECONDS)
        finally:
            for one in stopping:
                one.add_done_callback(_tell)
                one.cancel()
            await self._apps[0].transport.close()

    async def failure(self) -> None:
        """Wait for the end: raises what made the flow stop by itself, returns when it was told to stop."""
        await self._lifetime.over()
        self.check()

    # -- events

    async def send(self, events: Sequence[Event], *, source: str, wait_for_room: bool = False) -> None:
        """Send events to their topics; returns when they are durable.

        With `wait_for_room` it first waits until the readers of these topics, here and elsewhere, have caught up, so
        that a source is slowed by its consumers.
        """
        outgoing = self._outbox.encode(events, source)
        if wait_for_room:
            topics = Counter(one.topic for one in outgoing)
            await self._until(lambda lag: all(lag.get(topic, 0) < ROOM for topic in topics))
            if self._colleagues is not None:
                patience = self._patience if self.left else math.inf
                await self._unless_stopped(self._colleagues.make_room(topics, self._lifetime.wait, patience))
        self._check_running()
        await self._outbox.transmit(outgoing)

    async def put(self, records: Sequence[NewRecord]) -> None:
        """Put records on their topics as they are; returns when they are durable. Raises Retry or Stop.

        In the embedded log nobody reads one of them before all are there.
        """
        self._check_running()
        send = self._apps[0].producer.send
        sent = [await send(r.partition.topic, r.key, r.value, None, None, list(r.headers.items())) for r in records]
        await asyncio.gather(*sent)

    async def note(self, consumers: str, places: Mapping[Partition, int]) -> None:
        """Note in the embedded log how far a group of consumers outside of this process has come."""
        self._check_running()
        await self._apps[0].transport.writer.commit(consumers, places)

    async def finished(self) -> None:
        """Wait until everything that is on the topics now, and what comes of it, is handled by whoever handles it."""
        await self.drained()
        if self._colleagues is not None and not self.is_alone:
            await self._unless_stopped(self._colleagues.finish(self._lifetime.wait, self._patience))

    @property
    def left(self) -> frozenset[str]:
        """The stages that workers run instead of this process."""
        return self._colleagues.staffed if self._colleagues is not None else frozenset()

    async def stored(self) -> None:
        """Wait until what was left on the topics is handled here, and stored by whoever stores."""
        await self.drained()
        if self._colleagues is not None and not self.is_alone:
            await self._unless_stopped(self._colleagues.store(self._lifetime.wait, self._patience))

    async def attended(self) -> None:
        """Raises Stop when the workers that run what is left to them are gone."""
        if self._colleagues is not None:
            await self._unless_stopped(self._colleagues.check(self._lifetime.wait))

    async def _unless_stopped(self, waiting: Awaitable[None]) -> None:
        try:
            await waiting
        except Ending:
            self._check_running()

    async def drained(self) -> None:
        """Wait until the stages here have acknowledged everything in the partitions that they read."""
        while True:
            await self._until(lambda lag: not any(lag.values()))
            for app in self._apps:
                ends = await app.consumer.highwaters(*app.consumer.assignment())
                self._outbox.ends |= {tp: max(end or 0, self._outbox.ends.get(tp, 0)) for tp, end in ends.items()}
            if not any(self.lag().values()):
                return

    def lag(self) -> dict[str, int]:
        """For each topic that is read here, how many records are not acknowledged yet by the slowest group."""
        lag: dict[str, int] = {}
        for app in self._apps:
            for topic, records in self._lag(app).items():
                lag[topic] = max(records, lag.get(topic, 0))
        return lag

    def _lag(self, app: Application) -> Counter[str]:
        consumer = app.consumer
        lag: Counter[str] = Counter()
        for tp in consumer.assignment():
            end = max(consumer.highwater(tp) or 0, self._outbox.ends.get(tp, 0))
            lag[app.plain(tp.topic)] += max(0, end - consumer.acknowledged(tp))
        return lag

    async def ask(self) -> None:
        """Raises Retry when the broker does not answer, or has not said yet which partitions are read here."""
        await self._apps[0].producer.ask()
        if not all(app.joined.is_set() for app in self._apps if app.agents):
            raise Retry("the broker has not said yet which partitions are read here")

    def reads_first(self, topic: Topic) -> bool:
        """Whether the first partition of a topic is read here: true for one process at a time."""
        return any(tp.topic == app.named(topic.name) and tp.partition == 0 for app in self._apps for tp in app.assigned)

    @property
    def is_alone(self) -> bool:
        """Whether every partition is read here: nobody else handles what this process waits for."""
        return not self.left and all(app.is_alone for app in self._apps if app.agents)

    @property
    def dead_letters(self) -> int:
        """How many events became dead letters since the start."""
        return sum(loop.dead_letters for loop in self._loops)

    async def _until(self, enough: Callable[[dict[str, int]], bool]) -> None:
        """Wait for the lag to be small enough, for as long as anything is acknowledged now and then."""
        now = asyncio.get_running_loop().time
        end, done = now() + self._patience, self._finished()
        while True:
            turn = self._changed.turn()
            self._check_running()
            if enough(lag := self.lag()):
                return
            if done != (done := self._finished()):
                end = now() + self._patience
            if now() >= end:
                raise self._stuck(lag)
            await self._changed.wait(turn, end - now())

    def _finished(self) -> int:
        return sum(app.consumer.finished for app in self._apps)

    def _stuck(self, lag: dict[str, int]) -> Stop:
        waiting = ", ".join(f"{topic} ({records})" for topic, records in sorted(lag.items()) if records)
        return Stop(
            f"nothing moved for {self._patience:g} s; unfinished records wait in {waiting}: they are kept, start again"
        )

    # -- stages

    def _add(self, app: Application, stage: Stage) -> None:
        loop = StageLoop(
            stage, self._outbox, self._clock, self._lifetime.wait, decoder=self._decoder, meter=self._meter
        )
        self._loops.append(loop)

        async def agent(stream: Any) -> None:
            await self._run(loop, stream)

        app.agent(app.reading(stage.reads), name=stage.name)(agent)

    async def _run(self, loop: StageLoop, stream: Any) -> None:
        """The agent. Nothing may be raised from here: Faust would start it again, without the batch at hand."""
        try:
            if loop.stage.slots:
                error = await self._spread(loop, stream)
            else:
                async with aclosing(stream.batches(loop.stage.batch, loop.stage.linger)) as batches:
                    error = await loop.run(batches)
        except asyncio.CancelledError:
            error = Stop(f"stage {loop.stage.name} was cancelled while it worked; this is a defect, please report it")
        if error is not None:
            self._give_up(error)

    async def _spread(self, loop: StageLoop, stream: Any) -> Stop | None:
        """Until the flow ends. What is in the slots then may take minutes: it is dropped, and done again next time."""
        async with aclosing(stream.singles()) as singles:
            try:
                return await self._lifetime.unless_over(loop.spread(singles))
            except Ending:
                return None

    # -- the end

    async def _watch(self, app: Application) -> None:
        await app.wait_until_stopped()
        if app.crashed:
            why = app.crash_reason
            self._give_up(why if isinstance(why, Stop) else Stop(f"reading from {masked(self._url)} failed: {why!r}"))

    def _give_up(self, error: Stop) -> None:
        if not self._lifetime.is_over:
            self._error = error
            self._end()

    def _end(self) -> None:
        """No stage takes another batch, and nobody waits any longer for what will not come."""
        self._lifetime.end()
        for app in self._apps:
            app.consumer.stop_flow()
            app.flow_control.suspend()
        self._changed.tell()

    def check(self) -> None:
        """Raises what made the flow stop by itself."""
        if self._error is not None:
            raise self._error

    def _check_running(self) -> None:
        self.check()
        if self._lifetime.is_over:
            raise Stop("the flow was stopped; start it again")


def groups(url: str, stages: Sequence[Stage]) -> dict[str, Sequence[Stage]]:
    """The stages of each group of consumers, by its name.

    On a broker every stage is a group of its own, so that workers may run all of them or some. The embedded log has one
    reader.
    """
    if isinstance(parse(url), EmbeddedBroker) or not stages:
        return {"": stages}
    return {stage.name: (stage,) for stage in stages}


def _tell(stopping: asyncio.Future[None]) -> None:
    """Only in the log: raised, it would hide why the flow is stopped."""
    if stopping.cancelled():
        _log.error("the stages were still busy when their time to stop was over; the next start does their work again")
    elif error := stopping.exception():
        _log.error("the stages did not stop in order: %r; the next start does unfinished work again", error)
