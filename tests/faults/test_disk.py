"""A full disk: the run stops with one sentence, and once there is room the same command finishes the work."""

from __future__ import annotations

import pytest

from tests.faults import history
from tests.faults.conftest import REDUCED, Undisturbed
from tests.faults.disk import small_disk
from tests.faults.process import Process
from tests.faults.traces import traces

pytestmark = pytest.mark.faults

# what lies on the small disk, and its kilobytes: from nothing fits to nearly everything does
DISKS = [
    ("data", 8),
    ("data", 1_000),
    ("data", 2_500),
    ("data", 4_000),
    ("data/log", 8),
    ("data/log", 300),
    ("data/log", 1_500),
    ("data/store", 8),
    ("data/store", 200),
    ("data/store", 600),
    ("data/store", 1_200),
    ("out", 8),
    ("out", 120),
]
FEW = [DISKS[0], DISKS[2], DISKS[6], DISKS[8], DISKS[10], DISKS[12]]


@pytest.mark.parametrize(("place", "kilobytes"), FEW if REDUCED else DISKS)
def test_a_full_disk_stops_the_run_and_loses_nothing(
    place: str, kilobytes: int, undisturbed: Undisturbed, commitwire: Process
) -> None:
    repo = f"acme/rocket={undisturbed.repo.path}"
    with small_disk(commitwire.home / place, kilobytes) as disk:
        full = commitwire.report(repo, *history.OPTIONS, code=1)
        assert full.out == ""
        assert [line[:12] for line in full.err.splitlines()] == ["commitwire: "], full.err
        assert "room" in full.err
        disk.grow()
        commitwire.report(repo, *history.OPTIONS)
        assert traces(commitwire).differences(undisturbed.traces) == []
