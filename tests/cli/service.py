"""A command that goes on, as a process of a test: `up`, `subscribe`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.commitwire import Commitwire

SECONDS = 90.0  # for anything to happen
MAIN = "from streams.cli import main; main()"


class Running:
    """A process of `home`. `out` and `err` are files of what it has printed so far."""

    def __init__(self, home: Commitwire, before: str, arguments: tuple[str, ...], number: int) -> None:
        self.out, self.err = home.home / f"{number}.out", home.home / f"{number}.err"
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-c", before + MAIN, *arguments],
                cwd=home.home,
                env=home._environ(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    @property
    def lines(self) -> list[str]:
        return self.out.read_text().splitlines()

    def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds, while the process goes on."""
        end = time.monotonic() + SECONDS
        while not holds():
            assert self.process.poll() is None, f"exit {self.process.returncode}: {self.err.read_text()}"
            assert time.monotonic() < end, self.err.read_text()
            time.sleep(0.05)

    def says(self, words: str) -> None:
        """Wait until it has said this on standard error."""
        self.until(lambda: words in self.err.read_text())

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop; its exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait for its end; its exit code."""
        code = self.process.wait(SECONDS)
        said = self.err.read_text()
        assert "Traceback" not in said, said
        print(said)  # noqa: T201 shown when the code is another than was wanted
        return code

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running(home: Commitwire, *arguments: object, before: str = "") -> Iterator[Running]:
    """The command, until the body ends. `before` is code that runs in its process first."""
    number = len(list(home.home.glob("*.err")))
    service = Running(home, before, tuple(map(str, arguments)), number)
    try:
        yield service
    finally:
        service.kill()


@contextmanager
def up(home: Commitwire, *repos: Path, before: str = "") -> Iterator[Running]:
    """`commitwire up` on repositories that are acme/DIRECTORY, once it runs; it looks at them five times a second."""
    home.environment = {"COMMITWIRE_EVERY_SECONDS": "0.2", **home.environment}
    home.environment |= {"COMMITWIRE_ZONE": "UTC", "COMMITWIRE_LISTEN": ""}
    named = [f"acme/{repo.name}={repo}" for repo in repos]
    with running(home, "up", *named, "--data", home.data, "--out", home.out, before=before) as service:
        yield service


def exists(path: Path) -> Callable[[], bool]:
    return lambda: os.path.exists(path)
