"""The faulty endpoint of `shared/tools`, beside the clone, started for a test."""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

TOOL = Path(__file__).parents[4] / "shared" / "tools" / "llm_endpoint.py"
_READY_SECONDS = 60.0


class Serving:
    """A running endpoint. `url` is what a client is configured with."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._root = url.removesuffix("/v1")

    def stats(self) -> dict[str, Any]:
        """What it counted: requests, answers, faults, concurrency, tokens."""
        with urlopen(f"{self._root}/stats", timeout=10) as response:
            stats: dict[str, Any] = json.load(response)
        return stats

    def count(self, kind: str) -> int:
        """How often it counted this, such as "requests", "answered" or "403"."""
        return int(self.stats()["counts"].get(kind, 0))

    def control(self, **change: object) -> None:
        """Change it while it runs: faults="403:1.0", latency=2, reset_stats=True."""
        request = Request(f"{self._root}/control", json.dumps(change).encode(), {"Content-Type": "application/json"})
        urlopen(request, timeout=10).close()


@contextmanager
def serving(*options: str) -> Iterator[Serving]:
    """Start the endpoint on a free port, with these options. Skips the test where there is none, but not in CI."""
    if not TOOL.exists():
        said = f"{TOOL.name} is missing: it stands in shared/tools beside the clone"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(said)
    command = [sys.executable, str(TOOL), "--port", str(_free_port()), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Serving(_ready(process))
        finally:
            process.kill()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _ready(process: subprocess.Popen[str]) -> str:
    """The URL in the line that it prints once it listens."""
    assert process.stdout is not None
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True).start()  # type: ignore[union-attr]
    line = lines.get(timeout=_READY_SECONDS)
    assert line.startswith("ready "), f"the endpoint did not start: {line!r}"
    return line.split()[1]
