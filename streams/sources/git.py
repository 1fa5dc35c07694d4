"""Running git: the same answers whatever the user's configuration, no questions asked, every process reaped."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from schemas.errors import SourceFailed, Stop

READ_BYTES = 1 << 17
PIPE_BYTES = 1 << 20  # lets one process work ahead while another one is read
_KEPT = ("GIT_EXEC_PATH", "GIT_TEST_", "GIT_SSL_", "GIT_SSH", "GIT_PROXY_", "GIT_ASKPASS", "GIT_HTTP_")
# The repository's own configuration is read: what in it would change the output is set here.
_SETTINGS = (
    "safe.directory=*",
    "core.bare=true",  # no work tree: its .gitattributes would make the answer depend on what is checked out
    "core.quotePath=true",
    "core.attributesFile=/dev/null",
    "diff.suppressBlankEmpty=false",
    "diff.orderFile=",
    "diff.external=",
)
END_SECONDS = 2.0  # for git to take its lock files away, before it is killed
ended = threading.Event()  # set by `end_all`: whoever waits for something beside git stops waiting
# Changed by single operations only, without a lock: a signal handler reads it.
_running: set[subprocess.Popen[bytes]] = set()
_USERINFO = re.compile(r"(\w://)[^/\s'\"]*@")


def mask(text: str) -> str:
    """The text without what stands before the @ of its URLs."""
    return _USERINFO.sub(r"\1***@", text)


def reason(stderr: bytes) -> str:
    """Git's reason in one line: what was fatal, else the first line."""
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").split("\n") if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:"))]
    line = (fatal or lines or ["git gave no reason"])[0]
    return mask(re.sub(r"^(fatal|error|ERROR): ", "", line)).rstrip(".")


def reading_environment() -> Mapping[str, str]:
    """For what reads a repository: the user's configuration has no effect."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith(_KEPT)}
    return kept | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def network_environment() -> Mapping[str, str]:
    """For what asks another machine: the user's credentials and proxies count, but nobody is asked for a password."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith((*_KEPT, "GIT_CONFIG"))}
    batch = (
        {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes"} if "GIT_SSH_COMMAND" not in kept and "GIT_SSH" not in kept else {}
    )
    return kept | batch | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def end_all() -> None:
    """End every git of this process with all its children, within seconds, and start no other. Does not wait."""
    ended.set()
    signal_all(signal.SIGTERM)
    killing = threading.Timer(END_SECONDS, signal_all, (signal.SIGKILL,))
    killing.daemon = True
    killing.start()


def signal_all(number: signal.Signals) -> None:
    """Send a signal to the process group of every running git."""
    for process in list(_running):
        _signal(process, number)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a git command that was waited for said."""

    status: int
    stdout: bytes
    stderr: bytes

    @property
    def line(self) -> str:
        return self.stdout.decode("utf-8", "replace").rstrip("\n")


def ask(command: list[str], environment: Mapping[str, str], stdin: bytes = b"", limit: float | None = None) -> Answer:
    """Run a command to its end. Ends its process group after `limit` seconds (status -9)."""
    with _started(command, environment, stdin) as (process, said):
        assert process.stdout is not None
        try:
            stdout = process.communicate(timeout=limit)[0]
        except subprocess.TimeoutExpired:
            return Answer(-signal.SIGKILL, b"", f"fatal: no end after {limit:.0f} s".encode())
        return Answer(process.returncode, stdout, _said(said))


class Stream:
    """The output of a running git command. Read it to its end."""

    def __init__(self, process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
        assert process.stdout is not None
        self.stdout: IO[bytes] = process.stdout
        self._process = process
        self._said = said

    def failure(self) -> SourceFailed:
        """Why it ended before it had said all."""
        self._process.wait()
        return SourceFailed(f"git failed: {reason(_said(self._said))}")

    def finish(self) -> None:
        """Wait for its end. Raises SourceFailed."""
        if self._process.wait():
            raise self.failure()


class Git:
    """Reads one repository."""

    def __init__(self, git_dir: Path) -> None:
        self.command = ["git", f"--git-dir={git_dir}", *(word for s in _SETTINGS for word in ("-c", s))]

    @staticmethod
    def at(path: Path, *arguments: str) -> Answer:
        """Run a command in a directory that may belong to a repository, whatever its status."""
        return ask(["git", "-c", "safe.directory=*", "-C", str(path), *arguments], reading_environment())

    def ask(self, *arguments: str, stdin: bytes = b"") -> Answer:
        """Run a command to its end, whatever its status."""
        return ask([*self.command, *arguments], reading_environment(), stdin)

    def say(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """The output of a command that must succeed. Raises SourceFailed."""
        answer = self.ask(*arguments, stdin=stdin)
        if answer.status:
            raise SourceFailed(f"git failed: {reason(answer.stderr)}")
        return answer.stdout

    @contextlib.contextmanager
    def stream(self, *arguments: str, stdin: bytes = b"") -> Iterator[Stream]:
        """A running command; killed when the block is left by an exception. Raises SourceFailed when it failed."""
        with _started([*self.command, *arguments], reading_environment(), stdin) as (process, said):
            running = Stream(process, said)
            yield running
            running.finish()


@contextlib.contextmanager
def _started(
    command: list[str], environment: Mapping[str, str], stdin: bytes
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    # Input and complaints go through files: neither can block on a full pipe.
    with TemporaryFile() as fed, TemporaryFile() as said:
        fed.write(stdin)
        fed.seek(0)
        process = subprocess.Popen(
            command,
            bufsize=READ_BYTES,
            stdin=fed,
            stdout=subprocess.PIPE,
            stderr=said,
            env=environment,
            start_new_session=True,
        )
        _running.add(process)
        try:
            if ended.is_set():  # looked at after the adding: either this sees `end_all`, or `end_all` sees the process
                raise Stop("git was told to end; start again")
            _widen(process)
            yield process, said
        finally:
            _reap(process)
            _running.discard(process)


def _widen(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    with contextlib.suppress(ImportError, AttributeError, OSError):  # Linux only, and the user's share may be used up
        import fcntl

        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _reap(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
        _signal(process, signal.SIGKILL)
    process.stdout.close()
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _said(stderr: IO[bytes]) -> bytes:
    stderr.seek(0)
    return stderr.read(64 * 1024)
