"""The directory of an embedded store: a marker says that it is ours, and damage in it must not pass in silence."""

from __future__ import annotations

import fcntl
import shutil
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import CorruptData, DataInUse, DiskFull, Misuse

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

MARKER = "commitwire-store"
ROOM = 32 * 2**20  # bytes: with less the engine leaves empty definitions of tables behind, which it cannot read again
_TEXT = "This directory belongs to the embedded store of Commitwire. Do not change or add files.\n"


class Claim:
    """The directory is ours alone until `release`. Ended processes hold no claim."""

    def __init__(self, marker: TextIOWrapper) -> None:
        self._marker = marker

    def release(self) -> None:
        self._marker.close()


def is_made(directory: Path) -> bool:
    """Whether there is something in the directory, be it a store or not. Raises Misuse for a file in its place."""
    found = _lowest(directory)
    if not found.is_dir():
        raise _is_file(found)
    return found == directory and any(directory.iterdir())


def claim(directory: Path) -> Claim:
    """Create the directory with its marker, and lock it.

    Raises Misuse when a file stands in its way or it cannot be written, CorruptData when it holds things that are not
    ours, DataInUse when another process has it, DiskFull when there is no room for a new store.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not (directory / MARKER).exists():
            _refuse_strangers(directory)
            _require_room(directory)
        return _lock(directory)
    except (FileExistsError, NotADirectoryError) as error:
        raise _is_file(_lowest(directory)) from error
    except PermissionError as error:
        raise Misuse(f"{directory} cannot be written; give the embedded store a directory of your own") from error
    except OSError as error:
        raise DiskFull(f"{directory} cannot be created: {error.strerror}") from error


def _lowest(directory: Path) -> Path:
    """The directory, or else the first above it that there is; a file, where one is in its place."""
    return next(path for path in (directory, *directory.parents) if path.exists())


def _is_file(path: Path) -> Misuse:
    return Misuse(f"{path} is a file; give the embedded store a directory")


def _refuse_strangers(directory: Path) -> None:
    stranger = next(directory.iterdir(), None)
    if stranger is not None:
        raise CorruptData(
            f"{directory} is no store of Commitwire (it holds {stranger.name!r}); "
            "give an empty directory, or one that does not exist yet"
        )


def _require_room(directory: Path) -> None:
    if shutil.disk_usage(directory).free < ROOM:
        raise DiskFull(f"the store in {directory} needs {ROOM >> 20} MB of room to begin; make room and start again")


def _lock(directory: Path) -> Claim:
    marker = (directory / MARKER).open("a+", encoding="utf-8")
    try:
        # the engine locks too, but only prints why it did not start
        fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        marker.close()
        raise DataInUse(
            f"another running process owns the store in {directory}; stop it, or choose another directory"
        ) from error
    if marker.tell() == 0:
        marker.write(_TEXT)
        marker.flush()
    return Claim(marker)


def inspect(directory: Path, client: Client) -> None:
    """Raises CorruptData when the engine set damaged parts aside: it would go on without their rows."""
    found = client.query(
        "SELECT table, count() FROM system.detached_parts "
        "WHERE database = %(database)s AND startsWith(reason, 'broken') GROUP BY table ORDER BY table",
        parameters={"database": client.database},
    ).result_rows
    if found:
        tables = ", ".join(f"{table} ({parts})" for table, parts in found)
        raise CorruptData(
            f"{directory} has damaged parts in {tables}; restore the directory from a backup, "
            "or move it away and collect again into an empty one"
        )
