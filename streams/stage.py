"""A stage of the flow: reads topics in batches, handles them, sends what comes of it, and only then acknowledges."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple, Protocol

from schemas.dead_letters import DeadLetter
from schemas.errors import Reject, Stop, TooManyFailures
from schemas.model import Event
from schemas.topics import ANALYSES, COMMITS, DEAD_LETTERS, REQUESTS, SCORES, SEALS, Topic
from streams import tracing
from streams.clock import Clock
from streams.decoder import Decoder, Incoming
from streams.failpoint import failpoint
from streams.lifetime import Ending, Wait
from streams.logs import about
from streams.meter import UNMETERED, Meter
from streams.outbox import Outgoing
from streams.policy import Backoff, Ceiling, Tries, Verdict, judge
from streams.transports.batches import Single

PATIENCE = Backoff()
MESSAGE_LIMIT = 2_000  # characters of an error's message that a dead letter keeps
BODY_LIMIT = 64 * 1024  # bytes that it keeps of a body for which it has no room
KEYED_BY_REPO = frozenset(topic.name for topic in (COMMITS, REQUESTS, ANALYSES, SCORES, SEALS))  # REPO or REPO@SHA
_log = logging.getLogger(__name__)


def nothing(event: Event, error: Exception) -> Sequence[Event]:
    """The rescue of stages that say nothing about an event they gave up."""
    return ()


@dataclass(frozen=True)
class Stage:
    """`handle` turns events into events; errors say what happens next (see schemas.errors).

    `rescue` is asked what else to say when an event becomes a dead letter, so that others need not wait for it. `batch`
    is how many events `handle` gets at most; as long as more come it waits for them, and after a batch it rests, each
    for at most `linger` seconds. With `slots`, so many events are handled at the same time, each alone: for stages that
    wait for others most of the time.
    """

    name: str
    reads: tuple[Topic, ...]
    handle: Callable[[Sequence[Event]], Awaitable[Sequence[Event]]]
    rescue: Callable[[Event, Exception], Sequence[Event]] = nothing
    batch: int = 200
    linger: float = 0.0
    slots: int = 0


class Outlet(Protocol):
    """Where a stage's results go (streams.outbox.Outbox)."""

    def encode(self, events: Sequence[Event], source: str) -> list[Outgoing]: ...

    async def transmit(self, outgoing: Sequence[Outgoing]) -> None: ...


class Taken(NamedTuple):
    """A record with the event it carries."""

    record: Incoming
    event: Event


class Failure(NamedTuple):
    """An error that is final for these events, after so many tries."""

    error: Exception
    tries: int


class StageLoop:
    """Runs one stage. `wait` waits before another try and says whether to go on; `draw` gives numbers in [0, 1)."""

    def __init__(
        self,
        stage: Stage,
        outlet: Outlet,
        clock: Clock,
        wait: Wait,
        *,
        decoder: Decoder | None = None,
        backoff: Backoff = PATIENCE,
        draw: Callable[[], float] = random.random,
        meter: Meter = UNMETERED,
    ) -> None:
        self.stage = stage
        self.dead_letters = 0
        self._outlet = outlet
        self._clock = clock
        self._wait = wait
        self._decoder = decoder or Decoder()
        self._backoff = backoff
        self._draw = draw
        self._meter = meter
        self._ceiling = Ceiling()
        meter.begins(stage.name)

    async def run(self, batches: AsyncIterator[Sequence[Incoming]]) -> Stop | None:
        """What stopped it, or None when the batches or the flow ended. Raises nothing but cancellation."""
        try:
            async for batch in batches:
                await self._process(batch)
                failpoint(f"stage.{self.stage.name}.before_ack")
                del batch  # not kept while the next one is waited for
        except Exception as error:
            return self._ending(error)
        return None

    async def spread(self, singles: AsyncIterator[Single]) -> Stop | None:
        """As `run`, with so many records at once as the stage has slots; each is acknowledged by itself."""
        free = asyncio.Semaphore(self.stage.slots)
        try:
            async with asyncio.TaskGroup() as group:
                async for single in singles:
                    await free.acquire()
                    group.create_task(self._single(single, free))
        except ExceptionGroup as errors:
            return self._ending(errors.exceptions[0])
        return None

    async def _single(self, single: Single, free: asyncio.Semaphore) -> None:
        try:
            await self._process([single.message])
            failpoint(f"stage.{self.stage.name}.before_ack")
            single.done()
        finally:
            free.release()

    def _ending(self, error: Exception) -> Stop | None:
        if isinstance(error, Ending):
            return None
        if isinstance(error, Stop):
            return error
        return Stop(f"stage {self.stage.name} failed: {_words(error)}; this is a defect, please report it")

    async def _process(self, batch: Sequence[Incoming]) -> None:
        failpoint(f"stage.{self.stage.name}.before_handle")
        with about(stage=self.stage.name), tracing.span(self.stage.name, batch):
            taken, letters = self._decode(batch)
            results = await self._results(taken, 0) if taken else []
            failpoint(f"stage.{self.stage.name}.before_send")
            await self._outlet.transmit([*letters, *results])
        self._meter.handled(self.stage.name, Counter(record.topic for record in batch))

    def _decode(self, batch: Sequence[Incoming]) -> tuple[list[Taken], list[Outgoing]]:
        taken: list[Taken] = []
        letters: list[Outgoing] = []
        for record in batch:
            try:
                taken.append(Taken(record, self._decoder.event(record)))
            except Reject as error:
                with about(**_identity(record)):
                    letters += self._bury(record, error, 1)
        return taken, letters

    async def _results(self, taken: Sequence[Taken], tried: int) -> list[Outgoing]:
        """What handling these events brings, or what is said about those that nothing helps."""
        with about(**_subject(taken)):
            outcome = await self._try(taken, tried)
            if not isinstance(outcome, Failure):
                self._ceiling.note(dead=False, events=len(taken))
                return outcome
            if judge(outcome.error, len(taken)) is not Verdict.SPLIT:
                (record, event), error = taken[0], outcome.error
                said, message = self._rescue(event, error)
                return self._bury(record, error, outcome.tries, message) + said
        return [out for one in taken for out in await self._results([one], outcome.tries)]

    async def _try(self, taken: Sequence[Taken], tried: int) -> list[Outgoing] | Failure:
        """Results, or the failure that another try would not change. `tried` is how often it was tried before."""
        tries = Tries(self._backoff, draw=lambda: 1 - self._draw())
        while True:
            try:
                return self._encode(await self._handle(taken))
            except Exception as error:
                verdict = judge(error, len(taken))
                if verdict is Verdict.STOP:
                    raise
                if verdict is not Verdict.WAIT:
                    return Failure(error, tried + tries.count + 1)
                await self._before_next_try(error, tries)

    async def _handle(self, taken: Sequence[Taken]) -> Sequence[Event]:
        began = perf_counter()
        try:
            return await self.stage.handle([one.event for one in taken])
        finally:
            self._meter.tried(self.stage.name, len(taken), perf_counter() - began)

    async def _before_next_try(self, error: Exception, tries: Tries) -> None:
        seconds = tries.pause()
        if seconds is None:
            raise Stop(
                f"stage {self.stage.name} gave up after {tries.count} tries in {tries.waited:.0f} s: {_words(error)};"
                " nothing was lost: remove the cause and start again"
            ) from error
        _log.warning("trying again in %.1f s: %s", seconds, _brief(error))
        self._meter.repeats(self.stage.name)
        if not await self._wait(seconds):
            raise Ending

    def _rescue(self, event: Event, error: Exception) -> tuple[list[Outgoing], str]:
        """What else is to be said, and the message for the dead letter: a broken rescue must not stop the others."""
        try:
            return self._encode(self.stage.rescue(event, error)), str(error)
        except Exception as second:
            return [], f"{error} (and its rescue failed: {_words(second)})"

    def _bury(self, record: Incoming, error: Exception, tries: int, message: str | None = None) -> list[Outgoing]:
        self._ceiling.note(dead=True)
        if self._ceiling.exceeded:
            raise TooManyFailures(
                f"stage {self.stage.name}: {self._ceiling.dead} of the last {self._ceiling.events} events failed, the"
                f" last one with {_words(error)}; remove the cause and start again, they are still in {record.topic}"
            )
        self.dead_letters += 1
        self._meter.buried(self.stage.name)
        _log.warning("dead letter after %d tries: %s", tries, _brief(error))
        if record.topic == DEAD_LETTERS.name:
            return []  # it lies where a letter about it would go
        letter = DeadLetter(
            topic=record.topic,
            failed_key=(record.key or b"").decode("utf-8", "replace"),
            headers={name: _text(value) for name, value in dict(record.headers or {}).items()},
            body=record.value or b"",
            error=type(error).__name__,
            message=_clean(str(error) if message is None else message)[:MESSAGE_LIMIT],
            where=self.stage.name,
            attempts=tries,
            failed_at=self._clock.now(),
        )
        return self._post(letter, record)

    def _post(self, letter: DeadLetter, record: Incoming) -> list[Outgoing]:
        """The letter as a record. Brokers may allow larger ones than we write: of those it has the beginning."""
        try:
            return self._encode([letter])
        except Reject:
            place = f"{record.topic}, partition {record.partition}, offset {record.offset}"
            note = f" (its {len(letter.body)} bytes are too many for a letter; they stand whole at {place})"
            cut = {"body": letter.body[:BODY_LIMIT], "message": letter.message + note}
            return self._encode([letter.model_copy(update=cut)])

    def _encode(self, events: Sequence[Event]) -> list[Outgoing]:
        return self._outlet.encode(events, self.stage.name)


def _subject(taken: Sequence[Taken]) -> dict[str, str]:
    """What the log says of a batch: its topic when that is one, its first event, and how many there are."""
    topics = {one.record.topic for one in taken}
    said = {"topic": topics.pop()} if len(topics) == 1 else {}
    number = {"events": str(len(taken))} if len(taken) > 1 else {}
    return said | _subject_of(taken[0].event) | number


def _subject_of(event: Event) -> dict[str, str]:
    return {"event": event.id} | {name: str(getattr(event, name)) for name in ("repo", "sha") if hasattr(event, name)}


def _identity(record: Incoming) -> dict[str, str]:
    """What the log says of a record that cannot be decoded: its key names the commit."""
    key = _text(record.key)[:MESSAGE_LIMIT] if record.topic in KEYED_BY_REPO else ""
    repo, _, sha = key.partition("@")
    known = {"repo": repo, "sha": sha, "event": _text(dict(record.headers or {}).get("ce_id"))}
    return {"topic": record.topic} | {name: value for name, value in known.items() if value}


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _brief(error: Exception) -> str:
    """For the log, which others read."""
    return _clean(_words(error))[:MESSAGE_LIMIT]


def _clean(text: str) -> str:
    """Without the lone surrogates that JSON cannot carry."""
    return text.encode("utf-8", "replace").decode()


def _text(value: bytes | str | None) -> str:
    """A header as text; latin-1 gives every byte back."""
    return value if isinstance(value, str) else (value or b"").decode("latin-1")
