"""The running whole: stages on topics, one process's share of them, from start to stop."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from typing import Any

from schemas.errors import Stop
from schemas.model import Event
from streams.application import STOP_SECONDS, Application
from streams.clock import Clock
from streams.decoder import Decoder
from streams.outbox import Outbox
from streams.stage import Stage, StageLoop

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

    def __init__(self, url: str, clock: Clock, stages: Sequence[Stage], patience: float = PATIENCE_SECONDS) -> None:
        self._url = url
        self._patience = patience
        self._clock = clock
        self._stages = stages
        self._decoder = Decoder(stage.reads for stage in stages)
        self._loops: list[StageLoop] = []
        self._error: Stop | None = None
        self._ended = asyncio.Event()
        self._open = False

    # -- from start to stop

    async def start(self) -> None:
        """Returns when the stages are reading. Raises Stop when the broker cannot be used."""
        self._app = Application(self._url, give_up=self._give_up)
        self._outbox = Outbox(self._app, self._clock, self._decoder)
        self._app.transport.open()
        self._open = True
        try:
            await self._start_stages()
        except BaseException:
            await self.stop()
            raise

    async def _start_stages(self) -> None:
        for stage in self._stages:
            self._add(stage)
        starting = asyncio.ensure_future(self._app.start())
        await asyncio.wait({starting}, timeout=START_SECONDS)
        if not starting.done():
            starting.cancel()
            raise Stop(f"{self._url} did not let us read within {START_SECONDS:.0f} s; check the broker")
        starting.result()
        self._watching = asyncio.ensure_future(self._watch())
        self._check()

    async def stop(self) -> None:
        """Let the stages finish the batch at hand, for some seconds, and give the broker up. May be called again."""
        if not self._open:
            return
        self._open = False
        self._end()
        stopping = asyncio.ensure_future(self._app.stop())
        try:
            await asyncio.wait({stopping}, timeout=2 * STOP_SECONDS)
        finally:
            stopping.add_done_callback(_tell)
            stopping.cancel()
            await self._app.transport.close()

    async def failure(self) -> None:
        """Wait for the end: raises what made the flow stop by itself, returns when it was told to stop."""
        await self._ended.wait()
        self._check()

    # -- events

    async def send(self, events: Sequence[Event], *, source: str, wait_for_room: bool = False) -> None:
        """Send events to their topics; returns when they are durable.

        With `wait_for_room` it first waits until the readers of these topics have caught up, so that a source is slowed
        by its consumers.
        """
        outgoing = self._outbox.encode(events, source)
        if wait_for_room:
            topics = {one.topic for one in outgoing}
            await self._until(lambda lag: all(lag.get(topic, 0) < ROOM for topic in topics))
        self._check_running()
        await self._outbox.transmit(outgoing)

    async def drained(self) -> None:
        """Wait until the stages have acknowledged everything in the topics they read."""
        while True:
            await self._until(lambda lag: not any(lag.values()))
            consumer = self._app.consumer
            ends = await consumer.highwaters(*consumer.assignment())
            self._outbox.ends |= {tp: max(end or 0, self._outbox.ends.get(tp, 0)) for tp, end in ends.items()}
            if not any(self.lag().values()):
                return

    def lag(self) -> dict[str, int]:
        """For each topic that is read here, how many records are not acknowledged yet."""
        consumer = self._app.consumer
        lag: Counter[str] = Counter()
        for tp in consumer.assignment():
            end = max(consumer.highwater(tp) or 0, self._outbox.ends.get(tp, 0))
            lag[tp.topic] += max(0, end - consumer.acknowledged(tp))
        return dict(lag)

    @property
    def dead_letters(self) -> int:
        """How many events became dead letters since the start."""
        return sum(loop.dead_letters for loop in self._loops)

    async def _until(self, enough: Callable[[dict[str, int]], bool]) -> None:
        """Wait for the lag to be small enough, for as long as anything is acknowledged now and then."""
        now = asyncio.get_running_loop().time
        end, done = now() + self._patience, self._app.consumer.finished
        while True:
            turn = self._app.changed.turn()
            self._check_running()
            if enough(lag := self.lag()):
                return
            if done != (done := self._app.consumer.finished):
                end = now() + self._patience
            if now() >= end:
                raise self._stuck(lag)
            await self._app.changed.wait(turn, end - now())

    def _stuck(self, lag: dict[str, int]) -> Stop:
        waiting = ", ".join(f"{topic} ({records})" for topic, records in sorted(lag.items()) if records)
        return Stop(
            f"nothing moved for {self._patience:g} s; unfinished records wait in {waiting}: they are kept, start again"
        )

    # -- stages

    def _add(self, stage: Stage) -> None:
        loop = StageLoop(stage, self._outbox, self._clock, self._wait, decoder=self._decoder)
        self._loops.append(loop)

        async def agent(stream: Any) -> None:
            await self._run(loop, stream)

        self._app.agent(self._app.reading(stage.reads), name=stage.name)(agent)

    async def _run(self, loop: StageLoop, stream: Any) -> None:
        """The agent. Nothing may be raised from here: Faust would start it again, without the batch at hand."""
        try:
            if loop.stage.slots:
                error = await self._spread(loop, stream)
            else:
                async with aclosing(stream.batches(loop.stage.batch)) as batches:
                    error = await loop.run(batches)
        except asyncio.CancelledError:
            error = Stop(f"stage {loop.stage.name} was cancelled while it worked; this is a defect, please report it")
        if error is not None:
            self._give_up(error)

    async def _spread(self, loop: StageLoop, stream: Any) -> Stop | None:
        """Until the flow ends. What is in the slots then may take minutes: it is dropped, and done again next time."""
        async with aclosing(stream.singles()) as singles:
            working = asyncio.ensure_future(loop.spread(singles))
            ended = asyncio.ensure_future(self._ended.wait())
            try:
                await asyncio.wait({working, ended}, return_when=asyncio.FIRST_COMPLETED)
                return working.result() if working.done() else None
            finally:
                working.cancel()
                ended.cancel()
                await asyncio.gather(working, ended, return_exceptions=True)

    async def _wait(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)
        return not self._ended.is_set()

    # -- the end

    async def _watch(self) -> None:
        await self._app.wait_until_stopped()
        if self._app.crashed:
            reason = self._app.crash_reason
            self._give_up(reason if isinstance(reason, Stop) else Stop(f"reading from {self._url} failed: {reason!r}"))

    def _give_up(self, error: Stop) -> None:
        if not self._ended.is_set():
            self._error = error
            self._end()

    def _end(self) -> None:
        """No stage takes another batch, and nobody waits any longer for what will not come."""
        self._ended.set()
        self._app.consumer.stop_flow()
        self._app.flow_control.suspend()
        self._app.changed.tell()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _check_running(self) -> None:
        self._check()
        if self._ended.is_set():
            raise Stop("the flow was stopped; start it again")


def _tell(stopping: asyncio.Future[None]) -> None:
    """Only in the log: raised, it would hide why the flow is stopped."""
    if stopping.cancelled():
        _log.error("the stages were still busy when their time to stop was over; the next start does their work again")
    elif error := stopping.exception():
        _log.error("the stages did not stop in order: %r; the next start does unfinished work again", error)
