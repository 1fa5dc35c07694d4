"""`commitwire subscribe`: each report is handled, then acknowledged, in the order in which they were published."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, TypeVar

from schemas.envelope import decode
from schemas.errors import DataInUse, Reject, Retry, Stop
from schemas.reports import ReportPublished
from streams import shell
from streams.config import Settings
from streams.failpoint import failpoint
from streams.lifetime import Lifetime, Wait
from streams.policy import Backoff, Tries
from streams.subscription import Subscription
from streams.transports.record import Record
from streams.visitor import asked

LOOK_SECONDS = 0.25  # until an empty log is looked at again
PATIENCE = Backoff(first=0.2, longest=5.0, total=60.0)  # with a log, a store or a broker that is busy or away
LONGEST_SECONDS = 60.0  # until a command that failed is run again, at first one
COMMAND_SECONDS = 1800.0  # that a command may take
Result = TypeVar("Result")
_log = logging.getLogger(__name__)


class Handler(Protocol):
    async def handle(self, report: ReportPublished, wait: Wait) -> bool:
        """Whether the report was handled; not so when waiting ended before. Raises Stop when it cannot be."""
        ...


@dataclass
class Subscriber:
    """Handles what is new of `name` (None: of all reports). `since`: a group without a place in a partition begins
    there with the first report of this day or a later one. `once`: ends when nothing more is there."""

    settings: Settings
    subscription: Subscription
    handler: Handler
    name: str | None = None
    since: date | None = None
    once: bool = False
    _begun: set[int] = field(default_factory=set)
    lifetime: Lifetime = field(default_factory=Lifetime)

    async def run(self) -> None:
        """Until the lifetime ends and the report at hand is acknowledged.

        Raises Stop errors, and Retry when something is away for too long. What was not acknowledged comes again.
        """
        async with self.subscription as records:
            while not self.lifetime.is_over:
                record = await self._patiently(records.next)
                if record is not None:
                    await self._take(records, record)
                elif self.once and await self._patiently(records.at_end):
                    return
                else:
                    await self.lifetime.wait(LOOK_SECONDS)

    async def _take(self, records: Subscription, record: Record) -> None:
        try:
            event = decode(record.value, record.headers).event
        except Reject as error:
            _log.error("the record %s:%s is left out: %s", record.partition, record.offset, error)
            await self._patiently(lambda: records.acknowledge(record))
            return
        assert isinstance(event, ReportPublished)  # the only event of this topic
        if await self._is_before(records, record, event):
            return
        if self.name in (None, event.definition.name):
            whole = await self._patiently(lambda: self._whole(event))
            if not await self.handler.handle(whole, self.lifetime.wait):
                return
        failpoint("subscriber.handled")
        await self._patiently(lambda: records.acknowledge(record))
        failpoint("subscriber.acknowledged")

    async def _is_before(self, records: Subscription, record: Record, report: ReportPublished) -> bool:
        """Whether the group has not begun with this partition yet, and does not with this report either."""
        if self.since is None or record.partition in self._begun:
            return False
        if report.day < self.since and not await self._patiently(lambda: records.knows(record.partition)):
            return True
        self._begun.add(record.partition)
        return False

    async def _whole(self, report: ReportPublished) -> ReportPublished:
        """The event with its commits: the store has it, where the topic has only a summary."""
        if report.reference is None:
            return report
        # a name of a report has no character that means anything in SQL
        sql = (
            f"SELECT event FROM v_reports WHERE definition = '{report.definition.name}'"
            f" AND day = '{report.day.isoformat()}' AND revision = {report.revision}"
        )
        async with asked(self.settings) as store:
            rows = (await store.select(sql)).rows
        if not rows:
            raise Stop(
                f"the store does not have {report.reference}, of which the topic has a summary; name the same store"
            )
        return ReportPublished.model_validate_json(rows[0][0])

    async def _patiently(self, work: Callable[[], Awaitable[Result]]) -> Result:
        tries = Tries(PATIENCE)
        while True:
            try:
                return await work()
            except (Retry, DataInUse):
                seconds = tries.pause()
                if seconds is None:
                    raise
            await asyncio.sleep(seconds)


class Printing:
    """One line for each report: a summary, or the whole event as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    async def handle(self, report: ReportPublished, wait: Wait) -> bool:
        sys.stdout.write((report.model_dump_json() if self._as_json else described(report)) + "\n")
        sys.stdout.flush()
        return True


@dataclass
class Running:
    """A command of the shell for each report: the event on its standard input, which report it is in its environment.

    It is run `tries` times at most until it exits with 0. When the program is told to end, it is waited for as long as
    that may take (streams.interruption), then killed: the next program runs it again, and not beside itself.
    """

    command: str
    tries: int

    async def handle(self, report: ReportPublished, wait: Wait) -> bool:
        for attempt in range(1, self.tries + 1):
            code = await self._run(report)
            if code == 0:
                return True
            if attempt == self.tries:
                break
            _log.warning("%s exited with %d for %s, try %d of %d", self.command, code, report.key, attempt, self.tries)
            if not await wait(min(LONGEST_SECONDS, 2.0 ** min(attempt - 1, 30))):
                return False
        raise Stop(
            f"`{self.command}` failed {self.tries} times for {report.key}, revision {report.revision}"
            f" (exit {code}); `subscribe` begins with it again"
        )

    async def _run(self, report: ReportPublished) -> int:
        told = {
            "COMMITWIRE_REPORT": report.definition.name,
            "COMMITWIRE_DAY": report.day.isoformat(),
            "COMMITWIRE_REVISION": str(report.revision),
        }
        return await shell.run(self.command, told, report.model_dump_json().encode() + b"\n", COMMAND_SECONDS)


def described(report: ReportPublished) -> str:
    """One line."""
    stats = [section.stats for section in report.sections]
    tiers = ", ".join(f"{sum(getattr(one, tier) for one in stats)} {tier}" for tier in ("high", "medium", "low"))
    coverage = report.coverage
    also = f"; {coverage.not_collected} repositories could not be collected" if coverage.not_collected else ""
    return (
        f"{report.definition.name} {report.day} r{report.revision}:"
        f" {coverage.commits} commits ({tiers}), {coverage.owed} owed{also}"
    )
