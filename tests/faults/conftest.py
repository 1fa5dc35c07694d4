"""Homes for runs that are disturbed, and what an undisturbed one leaves behind."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commitwire import Commitwire
from tests.faults import history
from tests.faults.process import Process
from tests.faults.traces import Traces, traces
from tests.gitrepo import GitRepo

REDUCED = os.environ.get("FAULTS") == "reduced"


@dataclass(frozen=True)
class Undisturbed:
    """A repository, and the traces of a run over it that nothing happened to, and how long it took."""

    repo: GitRepo
    traces: Traces
    seconds: float


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    repo = history.build(folder / "rocket")
    home = Commitwire(folder)
    began = time.monotonic()
    home.report(f"acme/rocket={repo.path}", *history.OPTIONS)
    return Undisturbed(repo, traces(home), time.monotonic() - began)


@pytest.fixture
def commitwire(tmp_path: Path) -> Process:
    home = tmp_path / "home"
    home.mkdir()
    return Process(home)
