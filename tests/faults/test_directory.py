"""The data directory is moved, copied, or loses a part: the same command goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.faults import history
from tests.faults.conftest import Undisturbed
from tests.faults.process import Process
from tests.faults.traces import traces

pytestmark = pytest.mark.faults


def move(home: Process) -> None:
    """To another place, and another one in its stead."""
    away = home.home / "away"
    home.data.rename(away)
    shutil.copytree(away, home.data, symlinks=True)


def lose_log(home: Process) -> None:
    shutil.rmtree(home.data / "log")


def lose_store(home: Process) -> None:
    shutil.rmtree(home.data / "store")


def lose_reports(home: Process) -> None:
    shutil.rmtree(home.out)


@pytest.mark.parametrize("happens", [move, lose_log, lose_store, lose_reports])
def test_the_next_run_makes_up_for_it(
    happens: Callable[[Process], None], undisturbed: Undisturbed, commitwire: Process
) -> None:
    command = (f"acme/rocket={undisturbed.repo.path}", *history.OPTIONS)
    commitwire.report(*command)
    happens(commitwire)
    commitwire.report(*command)
    assert traces(commitwire).differences(undisturbed.traces) == []
