"""A full disk: the run stops with one sentence, and once there is room the same command finishes the work."""

from __future__ import annotations

import pytest

from tests.faults import history
from tests.faults.conftest import REDUCED, Undisturbed
from tests.faults.disk import Disk, small_disk
from tests.faults.process import Process
from tests.faults.traces import traces, views

pytestmark = pytest.mark.faults

# what lies on a disk of its own, and the kilobytes that are left there: from no room at all to room for nearly all
DISKS = [
    *[("data", kilobytes) for kilobytes in (2_500, 4, 300, 1_300, 4_000)],
    *[("data/log", kilobytes) for kilobytes in (1_500, 4, 300)],
    *[("data/store", kilobytes) for kilobytes in (1_200, 1_800, 4, 2_400)],
    *[("out", kilobytes) for kilobytes in (120, 4)],
]
FEW = [DISKS[0], DISKS[5], DISKS[8], DISKS[9], DISKS[12]]


def assert_stops_and_goes_on(disk: Disk, home: Process, undisturbed: Undisturbed) -> None:
    repo = f"acme/rocket={undisturbed.repo.path}"
    full = home.report(repo, *history.OPTIONS, code=1)
    assert full.out == ""
    assert [line[:12] for line in full.err.splitlines()] == ["commitwire: "], full.err
    assert "room" in full.err
    disk.grow()
    home.report(repo, *history.OPTIONS)
    assert traces(home).differences(undisturbed.traces) == []


@pytest.mark.parametrize(("place", "kilobytes"), FEW if REDUCED else DISKS)
def test_a_disk_that_gets_full_stops_the_run_and_loses_nothing(
    place: str, kilobytes: int, undisturbed: Undisturbed, commitwire: Process
) -> None:
    with small_disk(commitwire.home / place) as disk:
        assert views(commitwire)["v_commits"] == []  # the tables are made while there is room
        disk.leave(kilobytes)
        assert_stops_and_goes_on(disk, commitwire, undisturbed)


@pytest.mark.parametrize("kilobytes", [100] if REDUCED else [4, 100, 10_000])
def test_a_store_begins_only_where_there_is_room(kilobytes: int, undisturbed: Undisturbed, commitwire: Process) -> None:
    """The engine would leave empty definitions of its tables behind."""
    with small_disk(commitwire.data) as disk:
        disk.leave(kilobytes)
        assert_stops_and_goes_on(disk, commitwire, undisturbed)
