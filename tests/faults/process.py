"""The program as a process that can be killed at any moment and whose memory is measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.commitwire import Commitwire

OUTPUT = "output"
MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


@dataclass
class Process(Commitwire):
    """A home whose runs may end before they are done."""

    def killed_after(self, seconds: float, *arguments: object) -> bool:
        """Run a command and kill it after so many seconds, with SIGKILL; whether it was still running then."""
        running = self._start(*arguments)
        try:
            running.wait(seconds)
        except subprocess.TimeoutExpired:
            running.kill()
        return running.wait() < 0

    def peak(self, *arguments: object) -> int:
        """Run a command that must succeed; the most memory that it had at any time, in MB.

        A small process begins it: what the one had that begins another is counted as the other's.
        """
        running = self._start(*arguments, through=(sys.executable, "-c", MEASURE))
        assert running.wait() == 0, self._output.read_text()
        return int(self._output.read_text().splitlines()[-1]) // 1024

    @property
    def _output(self) -> Path:
        return self.home / OUTPUT

    def _start(self, *arguments: object, through: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        command = [*through, sys.executable, "-c", "from streams.cli import main; main()", *map(str, arguments)]
        places = ("--data", str(self.data), "--out", str(self.out))
        with self._output.open("wb") as output:
            return subprocess.Popen(
                [*command, *places], cwd=self.home, env=self._environ(), stdout=output, stderr=subprocess.STDOUT
            )
