"""Small file systems, to be filled up."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SECONDS = 20
TRIES = 50


@dataclass(frozen=True)
class Disk:
    """A file system of its own at `path`."""

    path: Path

    def leave(self, kilobytes: int) -> None:
        """Let so much room be left. Where more than that is written meanwhile it is refused, and tried again."""
        for tries_left in reversed(range(TRIES)):
            try:
                self._resize(f"{self._used() + kilobytes}k")
            except subprocess.CalledProcessError:
                if not tries_left:
                    raise
            else:
                return

    def grow(self) -> None:
        """Make room."""
        self._resize("1g")

    def _used(self) -> int:
        """Kilobytes."""
        found = os.statvfs(self.path)
        return (found.f_blocks - found.f_bfree) * found.f_frsize // 1024

    def _resize(self, size: str) -> None:
        _run("mount", "-o", f"remount,size={size}", str(self.path))


@contextmanager
def small_disk(path: Path) -> Iterator[Disk]:
    """A file system of its own, gone again at the end. Where nobody may mount, the test is skipped."""
    path.mkdir(parents=True, exist_ok=True)
    try:
        _run("mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(path))
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        _refuse(error)
    try:
        yield Disk(path)
    finally:
        _run("umount", "--lazy", str(path))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)


def _refuse(error: Exception) -> None:
    reason = f"no file system can be mounted here ({error}); run as root, in a container with --cap-add SYS_ADMIN"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
