"""Nothing is lost: the process is killed at every point where something could be, and started again."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.samples import analyzed, commit

pytestmark = pytest.mark.faults

COUNT = 2_000
POINTS = [
    "log.before_write:12",
    "log.after_write:14",
    "log.after_write:40",
    "stage.analyze.before_handle:3",
    "stage.analyze.before_send:4",
    "stage.analyze.before_ack:5",
    "stage.keep.before_handle:6",
    "stage.keep.before_send:4",
    "stage.keep.before_ack:3",
]


def start(directory: Path, kill_at: str = "") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tests.streams.two_stages", str(directory), str(COUNT)]
    environment = os.environ | {"COMMITWIRE_KILL_AT": kill_at}
    return subprocess.run(command, env=environment, timeout=120, check=False, capture_output=True)


def kept(directory: Path) -> dict[str, int]:
    with sqlite3.connect(directory / "kept.sqlite") as connection:
        rows = connection.execute("SELECT id, times FROM kept").fetchall()
    connection.close()
    return dict(rows)


def test_a_process_killed_at_every_point_in_turn_loses_nothing(tmp_path: Path) -> None:
    for point in POINTS:
        assert start(tmp_path, point).returncode == -signal.SIGKILL, f"{point} was not reached"
    last = start(tmp_path)
    assert (last.returncode, last.stderr) == (0, b"")
    found = kept(tmp_path)
    assert set(found) == {analyzed(commit(number)).id for number in range(COUNT)}
    # a kill repeats what was under way and what was not committed yet, never all
    assert sum(found.values()) - COUNT < len(POINTS) * 500


def test_after_an_orderly_end_nothing_is_done_again(tmp_path: Path) -> None:
    for _ in range(2):
        assert start(tmp_path).returncode == 0
    assert set(kept(tmp_path).values()) == {1}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small file system")
def test_a_full_file_system_stops_the_program_and_loses_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1200k", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True, timeout=10).returncode:
        pytest.skip("this system lets nobody mount")
    try:
        full = start(disk)
        assert full.returncode == 1
        assert b"DiskFull: no room is left for" in full.stderr
        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True, timeout=10)
        assert start(disk).returncode == 0
        assert set(kept(disk)) == {analyzed(commit(number)).id for number in range(COUNT)}
    finally:
        subprocess.run(["umount", str(disk)], check=True, timeout=10)
