"""A fresh home for every test, and a repository with a few days of work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo


@pytest.fixture
def commitwire(tmp_path: Path) -> Commitwire:
    home = tmp_path / "home"
    home.mkdir()
    return Commitwire(home)


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "rocket")
