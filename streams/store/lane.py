"""A lane: threads of our own, each with a client of its own. Clients of ClickHouse are synchronous and single-threaded.

The threads are joined at close: a query that runs while the interpreter ends would crash the embedded engine.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from streams.store.address import Address
from streams.store.client import connect
from streams.store.failure import failures

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

Result = TypeVar("Result")


class Lane:
    """Runs calls of `work(client)` in at most `threads` threads; threads and clients begin when they are needed."""

    def __init__(self, address: Address, name: str, threads: int, *, people: bool = False) -> None:
        self._address = address
        self._people = people
        self._executor = ThreadPoolExecutor(threads, f"store-{name}")
        self._own = threading.local()
        self._clients: list[Client] = []

    def submit(self, work: Callable[[Client], Result]) -> Future[Result]:
        """Queue the work; errors of its result are ours."""
        return self._executor.submit(self._work, work)

    async def run(self, work: Callable[[Client], Result]) -> Result:
        """Wait for the work without holding up the event loop."""
        return await asyncio.wrap_future(self.submit(work))

    def _work(self, work: Callable[[Client], Result]) -> Result:
        with failures(self._address):
            return work(self._client())

    def _client(self) -> Client:
        if not hasattr(self._own, "client"):
            self._own.client = connect(self._address, people=self._people)
            self._clients.append(self._own.client)
        client: Client = self._own.client
        return client

    def close(self) -> None:
        """Finish what was queued, join the threads, close the clients."""
        self._executor.shutdown(wait=True)
        for client in self._clients:
            client.close()
        self._clients.clear()
