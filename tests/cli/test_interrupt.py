"""SIGINT and SIGTERM at different times: one sentence, one exit code, no git left behind, and nothing lost."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.scene import titles, utc
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo

SECONDS = 120  # the longest that anything here may take
SENTENCE = "commitwire: interrupted; the same command goes on where this one stopped\n"
SIGNALS = (signal.SIGINT, signal.SIGTERM)
MAIN = "from streams.cli import main; main()"

# The program sends itself a signal when it begins to import a module.
AT_IMPORT = """
import os, sys
class Finder:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Finder())
"""
# The same at a named point of the flow, where it then goes on, or stays for ever.
AT_POINT = """
import os, threading
import streams.failpoint
def failpoint(name):
    if name == {point!r}:
        os.kill(os.getpid(), {number})
        {stay} and threading.Event().wait()
streams.failpoint.failpoint = failpoint
"""


@contextmanager
def started(commitwire: Commitwire, before: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    places = ("--data", commitwire.data, "--out", commitwire.out, "--tz", "UTC")
    process = subprocess.Popen(
        [sys.executable, "-c", before + MAIN, "report", *map(str, (*arguments, *places))],
        cwd=commitwire.home,
        env=commitwire._environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def assert_interrupted(process: subprocess.Popen[str]) -> None:
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out, err) == (1, "", SENTENCE)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_clone_that_hangs_ends_with_the_program(commitwire: Commitwire, number: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SECONDS)
        url = f"git://127.0.0.1:{server.getsockname()[1]}/o/n"
        with started(commitwire, "", url) as process:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(SECONDS)
                process.send_signal(number)
                assert_interrupted(process)
                while connection.recv(1000):  # ends when no git has it open any more
                    pass
    assert list((commitwire.data / "mirrors").iterdir()) == []


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("module", ["typer", "streams.run", "faust"])
def test_while_it_is_still_importing(
    commitwire: Commitwire, repo: GitRepo, module: str, number: signal.Signals
) -> None:
    repo.commit("fix: this")
    with started(commitwire, AT_IMPORT.format(module=module, number=int(number)), repo.path) as process:
        assert_interrupted(process)


@pytest.mark.parametrize("point", ["run.sealed", "store.after_write"])
def test_the_same_command_goes_on_where_it_was_stopped(commitwire: Commitwire, repo: GitRepo, point: str) -> None:
    repo.commit("fix: this", when=utc("2026-02-11 10:00"))
    before = AT_POINT.format(point=point, number=int(signal.SIGTERM), stay=False)
    with started(commitwire, before, repo.path) as process:
        assert_interrupted(process)
    commitwire.report(repo.path)
    assert titles(commitwire.event("2026-02-11")) == ["fix: this"]


def test_work_that_does_not_end_is_not_waited_for(commitwire: Commitwire, repo: GitRepo, tmp_path: Path) -> None:
    repo.commit("fix: this", when=utc("2026-02-11 10:00"))
    before = AT_POINT.format(point="store.before_report", number=int(signal.SIGINT), stay=True)
    with started(commitwire, before, repo.path) as process:
        assert_interrupted(process)
    commitwire.report(repo.path)
    assert titles(commitwire.event("2026-02-11")) == ["fix: this"]
