"""Several processes at work on the same mirrors. Threads stand for them: their locks exclude each other just so."""

from __future__ import annotations

import fcntl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from schemas.errors import SourceFailed
from streams.sources import mirror as module
from streams.sources.git import Git
from streams.sources.mirror import mirror
from tests.gitrepo import GitRepo


@pytest.fixture
def origin(tmp_path: Path) -> GitRepo:
    repo = GitRepo(tmp_path / "origin.git")
    repo.commit("one")
    return repo


def test_those_who_clone_the_same_at_once_end_with_one_whole_mirror(tmp_path: Path, origin: GitRepo) -> None:
    together = Barrier(4)

    def clone(_: int) -> Path:
        together.wait()
        return mirror(origin.path.as_uri(), tmp_path / "mirrors")

    with ThreadPoolExecutor(4) as threads:
        (directory,) = set(threads.map(clone, range(4)))
    assert list((tmp_path / "mirrors").iterdir()) == [directory]
    assert Git(directory).say("rev-parse", "HEAD").decode().strip() == origin.git("rev-parse", "main")


def test_fetches_of_one_mirror_wait_for_each_other(
    tmp_path: Path, origin: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = mirror(origin.path.as_uri(), tmp_path)
    with (directory / "commitwire.lock").open("a") as lock, ThreadPoolExecutor(1) as thread:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with monkeypatch.context() as patch:
            patch.setattr(module, "TIME_LIMIT", 0.0)
            with pytest.raises(SourceFailed, match="another process is still at work on"):
                mirror(origin.path.as_uri(), tmp_path)
        waiting = thread.submit(mirror, origin.path.as_uri(), tmp_path)
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert waiting.result() == directory


def test_what_ended_processes_left_is_removed_and_what_running_ones_need_is_not(
    tmp_path: Path, origin: GitRepo
) -> None:
    mirrors = tmp_path / "mirrors"
    for name in ("abandoned-1.unfinished", "running-1.unfinished"):
        (mirrors / name / "clone" / "objects").mkdir(parents=True)
    with (mirrors / "running-1.unfinished" / "commitwire.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        directory = mirror(origin.path.as_uri(), mirrors)
    assert sorted(mirrors.iterdir()) == sorted([directory, mirrors / "running-1.unfinished"])
