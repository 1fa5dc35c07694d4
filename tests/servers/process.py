"""A server as a process of the tests: it can be killed, paused and started again, and never outlives them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# Waits for the end of its input, which comes when the process that holds the other end is gone, however it ended.
GUARD = 'read -r _; kill -s KILL -- "-$0" 2>/dev/null'


class ServerProcess:
    """One command in a process group of its own; what it prints is appended to `log`."""

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.log = log
        self._command = list(command)
        self._environment = {**os.environ, **(environment or {})}
        self._server: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._server is not None and self._server.poll() is None

    @property
    def pid(self) -> int:
        """The process id of the server, also after its end. Raises RuntimeError when it was never started."""
        if self._server is None:
            raise RuntimeError(f"{self._command[0]} was not started")
        return self._server.pid

    def start(self) -> None:
        """Start it if it does not run. It is not ready when this returns."""
        if self.running:
            return
        self._dismiss_guard()
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
        guard = ["sh", "-c", GUARD, str(self._server.pid)]
        self._guard = subprocess.Popen(guard, stdin=subprocess.PIPE, start_new_session=True)

    def kill(self) -> None:
        """SIGKILL, as when the machine's memory is full; returns when it is gone."""
        if self.running:
            self._signal(signal.SIGKILL)
            self._reap()
        self._dismiss_guard()

    def stop(self, seconds: float = 20) -> None:
        """SIGTERM, and SIGKILL to one that has not ended after `seconds`."""
        if self.running:
            self._signal(signal.SIGTERM)
            self.resume()
            self._wait(seconds)
        self.kill()

    def pause(self) -> None:
        """SIGSTOP: its connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def said(self, characters: int = 3000) -> str:
        """The end of what it printed."""
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

    def _signal(self, number: int) -> None:
        if self.running:
            os.killpg(self.pid, number)

    def _wait(self, seconds: float) -> None:
        assert self._server is not None
        try:
            self._server.wait(seconds)
        except subprocess.TimeoutExpired:
            return

    def _reap(self) -> None:
        assert self._server is not None
        self._server.wait(30)

    def _dismiss_guard(self) -> None:
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None
