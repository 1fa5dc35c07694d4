"""SIGINT and SIGTERM end the program within seconds, with one sentence and the exit code of anything unexpected.

Outside of `interruptible` the process ends at once: nothing is open then that could suffer. That also keeps the signal
out of imports and callbacks, where an exception might be swallowed or change its kind.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, NoReturn, TypeVar

from schemas.errors import Stop
from streams import shell
from streams.sources import git

SENTENCE = "interrupted; the same command goes on where this one stopped"
SIGNALS = (signal.SIGINT, signal.SIGTERM)
GRACE_SECONDS = 5  # for closing in order; after that the process ends as if killed, which loses nothing either
STOP_SECONDS = 30  # for a service: its batches, its commits, its connections
_SHOW_CURSOR = "\x1b[?25h"  # a progress bar hides it
Result = TypeVar("Result")


def listen() -> None:
    """From now on a signal ends the process at once, also where the parent had it ignored."""
    _on(SIGNALS, _end_at_once)


async def interruptible(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of the work. The first signal ends git and cancels the work, the next one ends the process at once.

    Raises Stop when it was interrupted. Call it in the main thread, after `listen`.
    """
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    interrupted = False

    def end() -> None:
        # without a turn of the loop between them: no one sees git fail and takes it for the source's failure
        task.cancel()
        git.end_all()

    def first(_number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        _on((*SIGNALS, signal.SIGALRM), _end_at_once)
        signal.alarm(GRACE_SECONDS)
        loop.call_soon_threadsafe(end)

    _on(SIGNALS, first)
    await asyncio.wait({task})
    _on(SIGNALS, _end_at_once)
    if interrupted:
        await asyncio.gather(task, return_exceptions=True)
        raise Stop(SENTENCE)
    return task.result()


async def until_told(work: Coroutine[Any, Any, None], stop: Callable[[], None]) -> None:
    """Run a service. The first signal calls `stop`, after which the work has STOP_SECONDS to end in order; the next
    one, or the end of that time, ends the process at once."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        stop()
        git.end_all()

    def first(_number: int, _frame: FrameType | None) -> None:
        _on((*SIGNALS, signal.SIGALRM), _end_at_once)
        signal.alarm(STOP_SECONDS)
        loop.call_soon_threadsafe(end)

    _on(SIGNALS, first)
    try:
        await work
    finally:
        _on(SIGNALS, _end_at_once)


def _on(numbers: tuple[signal.Signals, ...], handler: Callable[[int, FrameType | None], None]) -> None:
    for number in numbers:
        signal.signal(number, handler)


def _end_at_once(_number: int, _frame: FrameType | None) -> NoReturn:
    git.signal_all(signal.SIGKILL)
    shell.kill_all()
    shown = _SHOW_CURSOR if os.isatty(2) else ""
    os.write(2, f"{shown}commitwire: {SENTENCE}\n".encode())
    os._exit(Stop.exit_code)
