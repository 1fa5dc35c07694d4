"""A fresh clone of this repository does what the README says, with nothing installed but Python, git and make."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults import history
from tests.faults.readme import ROOT, commands
from tests.gitrepo import GitRepo

# a virtual environment is filled from the package index
pytestmark = [pytest.mark.faults, pytest.mark.timeout(1_800)]

GO_ON = ("up", "subscribe")  # until they are told to stop
SECONDS = 120

LINE = {
    "repo": "acme/rocket",
    "sha": "0123456789abcdef" * 2 + "01234567",
    "committed_at": "2026-02-11T10:00:00+00:00",
    "author": "Ada Lovelace",
    "title": "feat: fly",
    "body": [],
}


@dataclass(frozen=True)
class Clone:
    """A clone in which `make report` was called for `repo`, a generated one."""

    path: Path
    repo: GitRepo
    paths: list[str]

    def run(self, *command: str, data: str = "data", code: int = 0) -> list[str]:
        """The lines that a command prints, with a data directory of its own."""
        environ = self._environ(data)
        done = subprocess.run(
            command, cwd=self.path, env=environ, capture_output=True, text=True, timeout=1_500, check=False
        )
        assert done.returncode == code, f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout.splitlines()

    @contextmanager
    def running(self, *command: str, now: Path) -> Iterator[subprocess.Popen[bytes]]:
        """A command that goes on, until the body ends: then it is told to stop. `now` is the file of its clock."""
        environ = self._environ("services") | {"COMMITWIRE_CLOCK": str(now), "COMMITWIRE_LISTEN": "127.0.0.1:0"}
        with subprocess.Popen(command, cwd=self.path, env=environ) as process:
            try:
                yield process
                process.terminate()
                assert process.wait(60) == 0
            finally:
                process.kill()

    def _environ(self, data: str) -> dict[str, str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("COMMITWIRE_", "GIT_"))}
        for name in ("PYTHONPATH", "VIRTUAL_ENV", "MAKEFLAGS"):
            environ.pop(name, None)
        return environ | {"COMMITWIRE_DATA": str(self.path.parent / data), "TZ": "UTC"}

    def make(self, *arguments: str, data: str = "data") -> list[str]:
        """The lines that `make` prints."""
        return self.run("make", "--no-print-directory", *arguments, f"PYTHON={sys.executable}", data=data)

    def event(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.path / path).read_text())
        return found


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """What is committed here, and nothing else."""
    if not (ROOT / ".git").exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{ROOT} is no git repository; run in a clone")
    folder = tmp_path_factory.mktemp("fresh")
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder / "clone")], check=True, timeout=60)
    new = Clone(folder / "clone", history.crowd(folder / "rocket", 20), [])
    (report,) = (words[1:] for words in commands("make") if words[1] == "report")
    printed = new.make(*(f"REPO={new.repo.path}" if word.startswith("REPO=") else word for word in report))
    new.paths.extend(line for line in printed if line.endswith((".md", ".json")))
    return new


def test_make_report_writes_the_report_of_a_repository(clone: Clone) -> None:
    day = history.DAYS[-1]
    assert clone.paths == [f"out/daily/{day}.zh-CN.md", f"out/daily/{day}.json"]
    event = clone.event(clone.paths[1])
    assert event["coverage"]["commits"] == 20
    (section,) = event["sections"]
    assert [commit["sha"] for commit in section["commits"]] == clone.repo.git("rev-list", "main").split()
    page = (clone.path / clone.paths[0]).read_text()
    assert page.startswith("# ")
    assert "fix: 0019" in page


def test_make_report_writes_the_report_of_this_repository(clone: Clone) -> None:
    """The last day on which something was committed here."""
    dated = [line.split() for line in clone.run("git", "log", "--format=%H %cd", "--date=format-local:%Y-%m-%d")]
    newest = max(day for _, day in dated)
    clone.make("report", data="own")
    event = clone.event(f"out/daily/{newest}.json")
    found = {commit["sha"] for section in event["sections"] for commit in section["commits"]}
    assert found == {sha for sha, day in dated if day == newest}


def test_make_test_is_there(clone: Clone) -> None:
    assert ["make", "test"] in commands("make")
    assert any("pytest" in line for line in clone.make("-n", "test"))


@pytest.mark.parametrize("words", [words for words in commands("commitwire") if words[1] not in GO_ON], ids=" ".join)
def test_the_commands_of_the_readme_work(words: list[str], clone: Clone) -> None:
    """What lies on other machines is replaced by what lies here."""
    (clone.path / "commits.jsonl").write_text(json.dumps(LINE) + "\n")
    here = {
        "acme/rocket=~/src/rocket": f"acme/rocket={clone.repo.path}",
        "https://github.com/acme/engine.git": f"acme/engine=file://{clone.repo.path}",
    }
    arguments = [here.get(word, word) for word in words[1:]]
    data = " ".join(arguments).encode().hex()[:40] if arguments[0] == "report" else "data"
    printed = clone.run(".venv/bin/commitwire", *arguments, data=data)
    paths = [clone.path / line for line in printed if arguments[0] in ("report", "render")]
    assert paths or arguments[0] not in ("report", "render")
    assert all(path.is_file() for path in paths)


def test_the_services_of_the_readme_work(clone: Clone) -> None:
    """All of it goes on; each report is handed to a program as it is published."""
    now, posted = clone.path / "now", clone.path / "posted"
    now.write_text("2026-02-12T06:00:00+00:00")
    program = clone.path / "post-to-chat"
    program.write_text(f"#!/bin/sh\ncat >> {posted}\n")
    program.chmod(0o755)
    up, subscribe = (words[1:] for go_on in GO_ON for words in commands("commitwire") if words[1] == go_on)
    assert up[1:3] == ["~/src/rocket", "~/src/engine"]
    with clone.running(".venv/bin/commitwire", "up", f"acme/rocket={clone.repo.path}", *up[3:], now=now) as service:
        _until((clone.path.parent / "services" / "commitwire.sock").exists, service)
        with clone.running(".venv/bin/commitwire", *subscribe, now=now) as subscriber:
            _until(lambda: posted.exists() and posted.read_text().endswith("\n"), service, subscriber)
            assert json.loads(posted.read_text())["day"] == "2026-02-11"


def _until(there: Callable[[], bool], *running: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS
    while not there():
        assert all(process.poll() is None for process in running), "it has ended"
        assert time.monotonic() < end
        time.sleep(0.05)
