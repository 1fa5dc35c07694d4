"""Group commit: one thread writes to the log; what arrives while it writes goes into the next transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from schemas.errors import Stop
from streams.transports.log import Log
from streams.transports.notice import Notice
from streams.transports.record import NewRecord, Partition

PENDING_BYTES = 16 * 2**20  # who sends faster than the disk writes has to wait above this
SWEEP_SECONDS = 600.0
Result = TypeVar("Result")


class Writer:
    """Appends to the log in the order of the calls. `changed` tells when records became durable.

    `failed` hears of every error once more: a log that cannot be written stops the flow, whoever noticed it.
    """

    def __init__(self, log: Log, changed: Notice, failed: Callable[[Stop], None]) -> None:
        self._log = log
        self._changed = changed
        self._failed = failed
        self._thread = ThreadPoolExecutor(1, "embedded-log")
        self._waiting: list[tuple[NewRecord, asyncio.Future[int]]] = []
        self._last: asyncio.Future[int] | None = None
        self._pending_bytes = 0
        self._writing: asyncio.Task[None] | None = None
        self._sweeping = asyncio.get_running_loop().create_task(self._sweep())

    def append(self, record: NewRecord) -> asyncio.Future[int]:
        """Queue a record. The future gives its offset once it is durable, or raises why it is not."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((record, future))
        self._last = future
        self._pending_bytes += record.size
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_all())
        return future

    async def room(self) -> None:
        """Wait until there is room for another record."""
        while self._pending_bytes > PENDING_BYTES:
            await self.flush()

    async def flush(self) -> None:
        """Wait until all that was appended before is durable, or has failed; not for what others append meanwhile."""
        if self._last is not None:
            await asyncio.wait({self._last})

    async def commit(self, consumers: str, offsets: Mapping[Partition, int]) -> None:
        """Note how far a group of consumers has come, after everything that was appended before."""
        await self.flush()
        await self.run(lambda: self._log.write([], offsets, consumers))

    async def run(self, call: Callable[[], Result]) -> Result:
        """Call something in the thread that may change the log."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, call)
        except Stop as error:
            self._failed(error)
            raise

    async def close(self) -> None:
        """Write what is queued and end the thread."""
        await self.flush()
        self._sweeping.cancel()
        await asyncio.wait({self._sweeping} | ({self._writing} if self._writing else set()))
        self._thread.shutdown()

    async def _write_all(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            await self._write([record for record, _ in taken], [future for _, future in taken])

    async def _write(self, records: list[NewRecord], futures: list[asyncio.Future[int]]) -> None:
        try:
            offsets = await self.run(lambda: self._log.write(records))
        except Exception as error:
            for future in futures:
                if not future.done():
                    future.set_exception(error)
        else:
            for future, offset in zip(futures, offsets, strict=True):
                if not future.done():
                    future.set_result(offset)
        self._pending_bytes -= sum(record.size for record in records)
        self._changed.tell()

    async def _sweep(self) -> None:
        """Retention and compaction, a little at a time, so that writing goes on in between."""
        with suppress(Stop):  # the flow was told
            while True:
                while await self.run(self._log.sweep):
                    pass
                await asyncio.sleep(SWEEP_SECONDS)
