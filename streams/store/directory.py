"""The directory of an embedded store: a marker says that it is ours, and damage in it must not pass in silence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import CorruptData, DiskFull, Misuse

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

MARKER = "commitwire-store"
_TEXT = "This directory belongs to the embedded store of Commitwire. Do not change or add files.\n"


def claim(directory: Path) -> None:
    """Create the directory and its marker. Raises CorruptData when it holds things that are not ours."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not (directory / MARKER).exists():
            _mark(directory)
    except (FileExistsError, NotADirectoryError) as error:
        raise CorruptData(f"{directory} is a file; give the embedded store a directory") from error
    except PermissionError as error:
        raise Misuse(f"{directory} cannot be written; give the embedded store a directory of your own") from error
    except OSError as error:
        raise DiskFull(f"{directory} cannot be created: {error.strerror}") from error


def _mark(directory: Path) -> None:
    stranger = next(directory.iterdir(), None)
    if stranger is not None:
        raise CorruptData(
            f"{directory} is no store of Commitwire (it holds {stranger.name!r}); "
            "give an empty directory, or one that does not exist yet"
        )
    (directory / MARKER).write_text(_TEXT, "utf-8")


def inspect(directory: Path, client: Client) -> None:
    """Raises CorruptData when the engine set damaged parts aside: it would go on without their rows."""
    found = client.query(
        "SELECT table, count() FROM system.detached_parts WHERE database = %(database)s AND startsWith(reason, 'broken') "
        "GROUP BY table ORDER BY table",
        parameters={"database": client.database},
    ).result_rows
    if found:
        tables = ", ".join(f"{table} ({parts})" for table, parts in found)
        raise CorruptData(
            f"{directory} has damaged parts in {tables}; restore the directory from a backup, "
            "or move it away and collect again into an empty one"
        )
