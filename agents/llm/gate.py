"""The breaker, waited at and remembered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from agents.llm.attempts import Attempts
from agents.llm.breaker import Admission, Breaker
from agents.llm.formats import Formats
from agents.llm.port import Health, HealthRecord
from schemas.errors import CommitwireError

_log = logging.getLogger(__name__)


class Shut(Exception):
    """The endpoint is not asked now. The message says why, and when it is tried again."""


class Gate:
    """Lets questions through to one endpoint, and keeps the record of its health.

    `of` is the fingerprint of its key and its model: what was remembered of others says nothing.
    """

    def __init__(self, endpoint: str, of: str, record: HealthRecord, now: Callable[[], datetime]) -> None:
        self._endpoint = endpoint
        self._of = of
        self._record = record
        self._now = now
        self._io = asyncio.Lock()
        self._found_out = asyncio.Event()
        self._saved: Health | None = None
        self.breaker = Breaker()
        self.formats = Formats({})

    async def open(self) -> None:
        """Take up what was remembered, once."""
        if self._saved is not None:
            return
        async with self._io:
            if self._saved is None:
                saved = await self._record.load(self._endpoint)
                # formats are kept by model, and no key changes them
                self._saved = saved if saved.of == self._of else Health(formats=saved.formats, of=self._of)
                self.breaker, self.formats = Breaker(self._saved), Formats(self._saved.formats)

    async def refresh(self) -> None:
        """Take up what another process has found out in the meantime, unless this one is finding out itself."""
        if self._saved is None:
            return
        async with self._io:
            said = await self._record.load(self._endpoint)
            news = said.of == self._of and (said.state, said.retry_at) != (self._saved.state, self._saved.retry_at)
            if news and not self.breaker.is_busy:
                self._saved, self.breaker = said, Breaker(said)

    async def enter(self, attempts: Attempts) -> None:
        """Wait while another call finds out how the endpoint is. Raises Shut."""
        while not attempts.alone:
            admission = self.breaker.admit(self._now())
            if admission is Admission.GO:
                return
            if admission is Admission.SHUT:
                raise Shut(self.line(self.breaker.reason))
            if admission is Admission.WAIT:
                await self._found_out.wait()
            attempts.alone = admission is Admission.ALONE
        # one that was sent before this one went alone may have come back and shut it
        if self.breaker.is_shut(self._now()):
            raise Shut(self.line(self.breaker.reason))

    def leave(self, attempts: Attempts) -> None:
        """The question is answered, or given up: let those in who waited for what comes of it."""
        if attempts.alone:
            attempts.alone = False
            self.breaker.release()
            self._found_out.set()
            self._found_out = asyncio.Event()

    async def remember(self) -> None:
        """Save what changed."""
        while self._changed():
            await self._save()

    async def _save(self) -> None:
        async with self._io:
            if not self._changed():
                return
            health = self._health()
            try:
                await self._record.save(self._endpoint, health)
            except CommitwireError as error:
                # an answer is worth more than the memory of how it came
                _log.warning("the health of %s was not saved: %s", self._endpoint, error)
            self._saved = health

    def line(self, reason: str) -> str:
        """`reason`, and when the endpoint is tried again."""
        now = self._now()
        if not self.breaker.is_shut(now) or self.breaker.retry_at is None:
            return reason
        at = self.breaker.retry_at.astimezone(UTC)
        form = "%H:%M UTC" if at.date() == now.astimezone(UTC).date() else "%Y-%m-%d %H:%M UTC"
        return f"{reason}; next try {at.strftime(form)}"

    def _health(self) -> Health:
        return replace(self.breaker.health(self.formats.settled), of=self._of)

    def _changed(self) -> bool:
        saved, health = self._saved, self._health()
        if saved is None or health.formats != saved.formats:
            return True
        # unknown is what a later process takes a well endpoint for anyway
        return health.state != "unknown" and (health.state, health.retry_at) != (saved.state, saved.retry_at)
