"""Waiting until brokers answer clients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

TRY_SECONDS = 5


def wait_until_answering(address: str, brokers: int, alive: Callable[[], bool], seconds: float) -> None:
    """Return when the broker at `address` (host:port) names a controller and at least `brokers` brokers.

    May be called with or without a running event loop (which it blocks). Raises RuntimeError when `alive` is false,
    TimeoutError after `seconds`.
    """
    with ThreadPoolExecutor(1) as own_loop:
        own_loop.submit(_wait, address, brokers, alive, time.monotonic() + seconds).result()


def _wait(address: str, brokers: int, alive: Callable[[], bool], deadline: float) -> None:
    asyncio.run(_poll(address, brokers, alive, deadline))


async def _poll(address: str, brokers: int, alive: Callable[[], bool], deadline: float) -> None:
    while not await _answers(address, brokers):
        if not alive():
            raise RuntimeError(f"the broker at {address} has ended")
        if time.monotonic() > deadline:
            raise TimeoutError(f"the broker at {address} does not answer in time")
        await asyncio.sleep(0.1)


async def _answers(address: str, brokers: int) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(*address.split(":")), TRY_SECONDS)
        writer.close()
        return await asyncio.wait_for(_named(address), TRY_SECONDS) >= brokers
    except (OSError, KafkaError, TimeoutError):
        return False


async def _named(address: str) -> int:
    """How many brokers the one at `address` knows; none without a controller."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=TRY_SECONDS * 1000)
    try:
        await admin.start()
        cluster = await admin.describe_cluster()
        return len(cluster["brokers"]) if cluster["controller_id"] >= 0 else 0
    finally:
        await admin.close()
