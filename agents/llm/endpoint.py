"""One endpoint: asked when its breaker and its pace allow, and again after errors that may pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from random import Random
from typing import NoReturn

from agents.llm.attempts import Attempts
from agents.llm.backoff import backoff
from agents.llm.gate import Gate, Shut
from agents.llm.openai import OpenAI
from agents.llm.pace import Pace
from agents.llm.port import Answer, HealthRecord, NoAnswer, Question, TooLong
from agents.llm.prices import Prices
from agents.llm.reply import RawReply
from agents.llm.settings import EndpointSettings
from agents.llm.throttle import Throttle
from agents.llm.wire import Denied, FormatRefused, Limited, Oversized, Transient, WireError

_STEADY_REFUSALS = 10  # for the rate, in a row: then it is no longer the pace that explains them


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
        self._gate = Gate(settings.label, record, now)
        self._pace = Pace(settings.rpm)
        self._throttle = Throttle(self._pace, sleep, self._seconds)
        self._model = settings.model

    @property
    def name(self) -> str:
        """How it is called in events and in the record."""
        return self._settings.label

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
            attempts.sent_at = await self._throttle.wait()
            # while this one stood in line another one may have found the endpoint gone
            if not self._gate.breaker.is_shut(self._now()):
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
            await self._failed(attempts, error)
            return None
        if reply.text and not reply.refusal and reply.finish != "content_filter":
            formats.answered(self._model, format, reply.text)
        return reply

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
        self._heed(attempts, error)
        hold = self._pace.refused(self._seconds(), attempts.sent_at, error.retry_after)
        if self._pace.refusals_in_a_row >= _STEADY_REFUSALS:
            self._gate.breaker.error(error.message)
        attempts.refusals += 1
        enough = attempts.refusals >= _STEADY_REFUSALS * self._settings.attempts
        await self._pause(attempts, error, hold, enough)

    async def _transient(self, attempts: Attempts, error: Transient) -> None:
        self._gate.breaker.error(error.message)
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
        if attempts.alone:
            self._gate.breaker.given_up(self._now(), error.message)
        raise NoAnswer(self._gate.line(error.message), (attempts.failed("transient"),))

    def _denied(self, attempts: Attempts, error: Denied) -> NoReturn:
        # it may be that the model was taken away: a listed one is looked up again
        self._model = self._settings.model
        self._gate.breaker.denied(self._now(), error.message)
        raise NoAnswer(self._gate.line(error.message), (attempts.failed("permanent"),))

    def _rejected(self, attempts: Attempts, error: WireError) -> NoReturn:
        attempts.error = error.message
        self._gate.breaker.rejected(self._now(), error.message)
        raise NoAnswer(self._gate.line(error.message), (attempts.failed("permanent"),))
