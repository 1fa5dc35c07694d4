"""Paths that cannot be used: one sentence names each, and the command is to blame, not the program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo

PROGRAM = [sys.executable, "-c", "from streams.cli import main; main()"]
POWERS = "-dac_override,-dac_read_search"  # with which root may look everywhere
WITHOUT_POWERS = ["setpriv", f"--bounding-set={POWERS}", f"--inh-caps={POWERS}"]
pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root needs setpriv to be kept out"),
]


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A directory in which nobody may look."""
    place = tmp_path / "closed"
    place.mkdir(mode=0)
    yield place
    place.chmod(0o700)


def run(*arguments: str, home: Path, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The program as a user who may not look everywhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COMMITWIRE_", "OPENAI_"))}
    before = WITHOUT_POWERS if os.geteuid() == 0 else []
    root = Path(__file__).parents[2]
    environ = {**kept, "PYTHONPATH": str(root), "XDG_CONFIG_HOME": "/nowhere", **(environment or {})}
    return subprocess.run(
        [*before, *PROGRAM, *arguments], cwd=home, env=environ, capture_output=True, text=True, timeout=120, check=False
    )


COMMANDS: dict[str, tuple[tuple[str, ...], str]] = {
    "sql": (("sql", "SELECT 1", "--data", "{}/data"), "{}/data/commitwire.sock cannot be used: Permission denied; get"),
    "owed": (("owed", "--data", "{}/data"), "{}/data/commitwire.sock cannot be used: Permission denied; get access"),
    "topics": (("topics", "--data", "{}/data"), "{}/data/"),
    "subscribe": (("subscribe", "--once", "--data", "{}/data"), "{}/data"),
    "configuration": (("sql", "SELECT 1", "--config", "{}/x.toml"), "{}/x.toml cannot be read: Permission denied; "),
    "schemas": (("schemas", "--out", "{}/out"), "--out: {}/out cannot be written: Permission denied; "),
    "clone": (("report", "{}/clone", "--data", "{}/data"), "{}/clone cannot be used: Permission denied; get access "),
}


@pytest.mark.parametrize(("arguments", "words"), COMMANDS.values(), ids=COMMANDS)
def test_a_place_of_another_user(closed: Path, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    ended = run(*(argument.format(closed) for argument in arguments), home=tmp_path)
    assert ended.stderr.startswith(f"commitwire: {words.format(closed)}")
    assert (ended.returncode, ended.stderr.count("\n"), ended.stdout) == (2, 1, "")


def test_check_goes_on_after_a_place_of_another_user(closed: Path, tmp_path: Path) -> None:
    ended = run("check", "--data", f"{closed}/data", home=tmp_path)
    lines = ended.stdout.splitlines()
    assert {line.split()[1] for line in lines if line.startswith("wrong")} == {"disk:", "log:", "store:"}
    assert all(f"{closed}/data" in line and "Permission denied; get" in line for line in lines if "wrong" in line)
    assert (ended.returncode, ended.stderr, len(lines)) == (2, "", 8)


def test_a_configuration_directory_of_another_user(closed: Path, tmp_path: Path) -> None:
    ended = run("sql", "SELECT 1", home=tmp_path, environment={"XDG_CONFIG_HOME": str(closed), "HOME": str(closed)})
    assert "commitwire.toml cannot be read: Permission denied; get access to it" in ended.stderr
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)


def test_a_file_in_place_of_a_directory(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("fix: this")
    file = commitwire.home / "file"
    file.touch()
    for arguments in (("report", repo.path), ("sql", "SELECT 1"), ("owed",)):
        ended = commitwire(*arguments, "--data", file, code=2)
        assert ended.err.startswith(f"commitwire: {file} is a file; ")
        assert ended.err.count("\n") == 1
    checked = commitwire("check", "--data", file, code=2)
    assert f"wrong  store: {file} is a file; give the embedded store a directory" in checked.lines
    for out in (file, file / "below", "/proc/nothing"):
        schemas = commitwire("schemas", "--out", out, code=2)
        assert schemas.err.startswith(f"commitwire: --out: {out} cannot be written: ")
        assert schemas.err.endswith("; name another directory\n")
