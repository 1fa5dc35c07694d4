"""Commands of the shell that users name, each with what it starts in a process group of its own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress

# Changed by single operations only, without a lock: a signal handler reads it.
_running: set[int] = set()


async def run(command: str, environment: Mapping[str, str], stdin: bytes, limit: float) -> int:
    """Its exit code; its group is killed after `limit` seconds."""
    process = await asyncio.create_subprocess_shell(
        command,
        stdin=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
        start_new_session=True,  # Ctrl-C is for us
    )
    _running.add(process.pid)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await process.communicate(stdin)
                return await process.wait()
        _kill(process.pid)
        return await process.wait()
    finally:
        _running.discard(process.pid)


def kill_all() -> None:
    """Kill every command that runs, with all its children."""
    for group in list(_running):
        _kill(group)


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
