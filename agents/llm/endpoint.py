"""One endpoint: asked when its breaker and its pace allow, and again after errors that may pass."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from random import Random
from traceback import extract_tb
from typing import NoReturn

from agents.llm.attempts import Attempts
from agents.llm.backoff import backoff
from agents.llm.formats import Format
from agents.llm.gate import Gate, Shut
from agents.llm.openai import OpenAI
from agents.llm.pace import Pace
from agents.llm.port import Answer, HealthRecord, NoAnswer, Question, TooLong
from agents.llm.prices import Prices
from agents.llm.reply import RawReply
from agents.llm.secret import one_line
from agents.llm.settings import EndpointSettings
from agents.llm.throttle import Impatient, Throttle
from agents.llm.wire import Denied, FormatRefused, Limited, Oversized, Transient, WireError

_log = logging.getLogger(__name__)

_STEADY_REFUSALS = 10  # for the rate, in a row: then it is no longer the pace that explains them
_STEADY_SECONDS = 60.0  # with refusals and no answer: any limit by the minute lets some through


class Endpoint:
    """Implements Asker. `now` is the clock of what lasts minutes or days, `seconds` the steady one of what is measured.

    Slots are the caller's business: all questions asked at once are on their way at once, as far as the breaker and
    the pace allow. `sleep` lets `seconds` pass.
    """

    def __init__(
        self,
        settings: EndpointSettings,
        record: HealthRecord,
        now: Callable[[], datetime],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        seconds: Callable[[], float] | None = None,
        random: Random | None = None,
    ) -> None:
        self._settings = settings
        self._now = now
        self._sleep = sleep
        self._seconds = seconds or (lambda: asyncio.get_running_loop().time())
        self._random = random or Random()
        self._prices = Prices(settings.input_price, settings.output_price)
        self._client = OpenAI(settings, now)
        self._gate = Gate(settings.label, settings.fingerprint, record, now)
        self._pace = Pace(settings.rpm)
        self._throttle = Throttle(self._pace, sleep, self._seconds)
        self._model = settings.model
        self._refusal = ""  # the last one for the rate
        self._unforeseen: set[str] = set()

    @property
    def name(self) -> str:
        """How it is called in events and in the record."""
        return self._settings.label

    async def share(self, workers: int) -> None:
        """So many workers ask this endpoint; what they found out is taken up."""
        self._pace.share(workers)
        await self._gate.refresh()

    async def ask(self, question: Question) -> Answer:
        """One answer. Raises NoAnswer or TooLong."""
        await self._gate.open()
        attempts = Attempts(self.name, question, self._now(), self._seconds)
        try:
            answer = await self._asked(attempts)
        except (NoAnswer, TooLong):
            await self._gate.remember()
            raise
        finally:
            self._gate.leave(attempts)
        await self._gate.remember()
        return answer

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _asked(self, attempts: Attempts) -> Answer:
        reply = None
        while reply is None:
            await self._enter(attempts)
            self._client.open()
            if await self._pass(attempts):
                reply = await self._attempt(attempts)
        self._gate.breaker.good(self._now())
        self._pace.answered(self._seconds(), reply.limits)
        return Answer(reply.text, reply.finish, reply.refusal, attempts.answered(reply, self._prices))

    async def _enter(self, attempts: Attempts) -> None:
        try:
            await self._gate.enter(attempts)
        except Shut as shut:
            calls = (attempts.failed("transient"),) if attempts.made() else ()
            raise NoAnswer(str(shut), calls) from None

    async def _pass(self, attempts: Attempts) -> bool:
        """Wait for the pace. False: while this one stood in line another one found the endpoint gone.

        Without answers that is patience spent: a limit that lets nothing through is none.
        """
        began, patience = self._seconds(), self._settings.patience_seconds - attempts.patience_spent
        try:
            left_at = await self._throttle.wait(patience, lambda: self._gate.breaker.is_shut(self._now()))
        except Impatient:
            self._give_up(attempts, self._refusal)
        if left_at is None:
            return False
        attempts.sent_at = left_at
        attempts.patience_spent += self._pace.refused_for(left_at, began)
        return True

    async def _attempt(self, attempts: Attempts) -> RawReply | None:
        """Ask once. None: try again now, what there was to wait for is over."""
        formats = self._gate.formats
        format = formats.of(self._model)
        try:
            with attempts.one():
                self._model = attempts.model = self._model or await self._client.first_model()
                format = formats.of(self._model)
                reply = await self._client.complete(attempts.question, self._model, format)
        except FormatRefused as error:
            if not formats.refused(self._model, format):
                self._rejected(attempts, error)
            return None
        except WireError as error:
            failure = error
        except Exception as error:
            failure = self._unexpected(error)
        else:
            self._learn(format, reply)
            return reply
        # here, not above: what was not foreseen, and may show the key, must not hang on what is raised
        await self._failed(attempts, failure)
        return None

    def _learn(self, format: Format, reply: RawReply) -> None:
        if reply.text and not reply.refusal and reply.finish != "content_filter":
            self._gate.formats.answered(self._model, format, reply.text)

    def _unexpected(self, error: Exception) -> Transient:
        """An answer that nobody foresaw: the ledger and the breaker must hear of it like of any other error."""
        kind = type(error).__name__
        line = one_line(f"unexpected {kind}: {error}", self._settings.key)
        if kind not in self._unforeseen:
            self._unforeseen.add(kind)
            frame = extract_tb(error.__traceback__)[-1]
            _log.warning("%s: %s (%s, line %s)", self.name, line, Path(frame.filename).name, frame.lineno)
        return Transient(line)

    async def _failed(self, attempts: Attempts, error: WireError) -> None:
        """Wait before the next attempt, or raise NoAnswer or TooLong."""
        attempts.error = error.message
        match error:
            case Limited():
                await self._limited(attempts, error)
            case Transient():
                await self._transient(attempts, error)
            case Oversized():
                self._gate.breaker.good(self._now())
                raise TooLong(error.limit, (attempts.failed("too_long"),))
            case Denied():
                self._denied(attempts, error)
            case _:
                self._rejected(attempts, error)

    async def _limited(self, attempts: Attempts, error: Limited) -> None:
        self._refusal = error.message
        self._heed(attempts, error)
        hold = self._pace.refused(self._seconds(), attempts.sent_at, error.retry_after)
        if self._pace.refusals_in_a_row >= _STEADY_REFUSALS:
            self._gate.breaker.error()
        attempts.refusals += 1
        enough = attempts.refusals >= _STEADY_REFUSALS * self._settings.attempts
        await self._pause(attempts, error, hold, enough)

    async def _transient(self, attempts: Attempts, error: Transient) -> None:
        self._gate.breaker.error()
        self._heed(attempts, error)
        attempts.failures += 1
        pause = backoff(attempts.failures, error.retry_after, self._random)
        await self._pause(attempts, error, pause, attempts.failures >= self._settings.attempts)

    def _heed(self, attempts: Attempts, error: Transient) -> None:
        """Who asks to wait longer than a question has patience gets the rest, and the question ends."""
        if error.retry_after is not None and error.retry_after > self._settings.patience_seconds:
            self._gate.breaker.rest(self._now(), error.retry_after, error.message)
            raise NoAnswer(self._gate.line(error.message), (attempts.failed("transient"),))

    async def _pause(self, attempts: Attempts, error: Transient, seconds: float, enough: bool) -> None:
        """Wait, or give up when that was enough or patience ends."""
        attempts.patience_spent += seconds
        if not enough and attempts.patience_spent <= self._settings.patience_seconds:
            await self._sleep(seconds)
            return
        self._give_up(attempts, error.message)

    def _give_up(self, attempts: Attempts, reason: str) -> NoReturn:
        if attempts.alone or self._pace.refused_for(self._seconds()) >= _STEADY_SECONDS:
            self._gate.breaker.given_up(self._now(), reason)
        calls = (attempts.failed("transient"),) if attempts.made() else ()
        raise NoAnswer(self._gate.line(reason), calls)

    def _denied(self, attempts: Attempts, error: Denied) -> NoReturn:
        # it may be that the model was taken away: a listed one is looked up again
        self._model = self._settings.model
        self._gate.breaker.denied(self._now(), error.message)
        raise NoAnswer(self._gate.line(error.message), (attempts.failed("permanent"),))

    def _rejected(self, attempts: Attempts, error: WireError) -> NoReturn:
        attempts.error = error.message
        self._gate.breaker.rejected(self._now(), error.message)
        raise NoAnswer(self._gate.line(error.message), (attempts.failed("permanent"),))
