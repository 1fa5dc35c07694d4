"""Time as a port: the machine's clock, or a file that says what time it is, shared by all processes of a test."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from schemas.errors import Misuse


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class FileClock:
    """Reads an ISO instant with offset from a file, again at every call."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        try:
            instant = datetime.fromisoformat(self._path.read_text().strip())
        except (OSError, ValueError) as error:
            raise Misuse(f"COMMITWIRE_CLOCK: {self._path} must hold an ISO instant: {error}") from error
        if instant.tzinfo is None:
            raise Misuse(f"COMMITWIRE_CLOCK: the instant in {self._path} needs an offset, such as +00:00")
        return instant.astimezone(UTC)


def clock_from_environment() -> Clock:
    path = os.environ.get("COMMITWIRE_CLOCK")
    # absolute: the embedded store changes the working directory for a moment while it opens
    return FileClock(Path(path).absolute()) if path else SystemClock()
