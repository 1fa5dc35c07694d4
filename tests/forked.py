"""Commands of the program as processes that have it imported already: each saves more than a second.

They are forks of a server, with arguments, a directory, an environment, output and an exit code of their own.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

# what commands import when they need it; the embedded engine begins threads, so it stays out
IMPORTED = (
    "streams.cli",
    "streams.run",
    "streams.models",
    "streams.office",
    "streams.subscriber",
    "clickhouse_connect",
)
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([*IMPORTED, __name__])


def run(
    arguments: Sequence[str], directory: Path, environment: Mapping[str, str], seconds: float
) -> tuple[int, str, str]:
    """Exit code (of a killed process: the negative signal), standard output, standard error."""
    with TemporaryDirectory() as place:
        out, err = Path(place, "out"), Path(place, "err")
        process = _context.Process(target=_main, args=(arguments, directory, dict(environment), out, err))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"{arguments} goes on after {seconds} s: {err.read_text()}")
        return process.exitcode, out.read_text(), err.read_text()


def _main(arguments: Sequence[str], directory: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    from streams import failpoint
    from streams.cli import main

    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    importlib.reload(failpoint)  # it has looked at the environment
    for number, path in enumerate((Path(os.devnull), out, err)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["commitwire", *arguments]
    main()
