"""Bounded memory: a commit may be as large as it likes, the process is not."""

from __future__ import annotations

import hashlib
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.faults.process import Process
from tests.gitrepo import GitRepo

pytestmark = pytest.mark.faults

DAY = "2026-02-11"
WHEN = datetime.fromisoformat(f"{DAY}T12:00:00+00:00")
PATCH_BYTES = 50_000_000
FILES = 5_000
MOST = 900  # MB
MORE = 200  # MB that a large commit may need beyond a small one


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> int:
    """The peak of a run over one small commit, in MB."""
    home = Process(tmp_path_factory.mktemp("small"))
    repo = GitRepo(home.home / "rocket")
    repo.commit("feat: begin", {"README.md": "# Rocket\n"}, when=WHEN)
    return peak(home, repo)


def peak(home: Process, repo: GitRepo) -> int:
    return home.peak("report", f"acme/rocket={repo.path}", "--date", DAY, "--tz", "UTC")


def grown(tmp_path: Path) -> tuple[Process, GitRepo]:
    home = Process(tmp_path)
    repo = GitRepo(home.home / "rocket")
    repo.commit("feat: begin", {"README.md": "# Rocket\n"}, when=WHEN)
    return home, repo


def test_a_commit_of_fifty_megabytes(small: int, tmp_path: Path) -> None:
    home, repo = grown(tmp_path)
    text = "".join(f"{row:09d} {row * row:024d} 火箭 {row % 997:04d} and on and on\n" for row in range(820_000))
    sha = repo.commit("feat: orbits", {"orbits.csv": text}, when=WHEN)
    patch = whole_patch(repo, sha)
    assert len(patch) > PATCH_BYTES
    measured = peak(home, repo)
    print(f"peak {measured} MB, of a small run {small} MB")  # noqa: T201 shown with -rP
    assert measured < min(MOST, small + MORE)
    commit = next(c for c in home.event(DAY)["sections"][0]["commits"] if c["sha"] == sha)
    assert (commit["files"], commit["additions"], commit["deletions"]) == (1, 820_000, 0)
    assert_kept(home, sha, patch)


def whole_patch(repo: GitRepo, sha: str) -> bytes:
    """As git says it."""
    text = repo.git("diff-tree", "--no-commit-id", "-r", "--root", "-p", "-M50%", "--abbrev=12", sha)
    return text.encode("utf-8", "surrogateescape") + b"\n"


def assert_kept(home: Process, sha: str, patch: bytes) -> None:
    """The event's part and the pieces behind it are the patch, read piece by piece."""
    rows = home.sql(
        "SELECT ifNull(piece, 0) AS begin, length(text) AS size, lower(hex(MD5(text))) AS digest FROM v_patches"
        f" WHERE sha = '{sha}' ORDER BY begin"
    )
    places = [(int(row["begin"]), int(row["size"])) for row in rows]
    assert places[0][0] == 0
    assert all(begin + size == after for (begin, size), (after, _) in pairwise(places))
    assert sum(places[-1]) == len(patch)
    assert max(size for _, size in places) <= 512 * 1024
    found = [hashlib.md5(patch[begin : begin + size]).hexdigest() for begin, size in places]
    assert found == [row["digest"] for row in rows]


def test_a_commit_of_five_thousand_files(small: int, tmp_path: Path) -> None:
    home, repo = grown(tmp_path)
    sha = repo.commit("feat: import", {f"src/part{n % 50}/file{n}.py": f"x = {n}\n" for n in range(FILES)}, when=WHEN)
    measured = peak(home, repo)
    print(f"peak {measured} MB, of a small run {small} MB")  # noqa: T201 shown with -rP
    assert measured < min(MOST, small + MORE)
    commit = next(c for c in home.event(DAY)["sections"][0]["commits"] if c["sha"] == sha)
    assert (commit["files"], commit["additions"], commit["deletions"]) == (FILES, FILES, 0)
    (kept,) = home.sql(f"SELECT count() AS files, uniqExact(path) AS paths FROM v_file_changes WHERE sha = '{sha}'")
    assert {name: int(count) for name, count in kept.items()} == {"files": FILES, "paths": FILES}
