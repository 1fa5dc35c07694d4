"""The independent measure of reports, which stands in shared/tools beside the clone."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo

TOOL = Path(__file__).parents[2] / "shared" / "tools" / "check_report.py"
_FORM = "%H%x00%cI%x00%an%x00%B%x01"


@lru_cache
def checker() -> Any:
    """The tool as a module. Skips the test where there is none, but not in CI."""
    if not TOOL.exists():
        said = f"{TOOL.name} is missing: it stands in shared/tools beside the clone"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(said)
    spec = importlib.util.spec_from_file_location("check_report", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def faults(
    home: Commitwire,
    repo: GitRepo,
    day: str,
    language: str = "zh-CN",
    name: str = "daily",
    shown: Callable[[str], str] = str,
) -> list[str]:
    """What is wrong with the report of a day (UTC) of a repository called acme/rocket, against what git says.

    `shown` says how a report shows a text of a commit.
    """
    commits = [told for told in _told_by_git(repo, shown) if told["committed_at"].startswith(day)]
    expected = {"date": day, "timezone": "UTC", "commits": commits}
    found: list[str] = checker().measure(home.markdown(day, language, name), expected)["faults"]
    return found


def _told_by_git(repo: GitRepo, shown: Callable[[str], str]) -> Iterator[dict[str, Any]]:
    for entry in repo.git("log", "--encoding=UTF-8", f"--format={_FORM}", "main").split("\x01\n"):
        sha, committed_at, author, message = entry.rstrip("\x01").split("\0")
        title, *body = [line for line in message.split("\n") if line.strip()]
        yield {
            "repo": "acme/rocket",
            "sha": sha,
            "committed_at": datetime.fromisoformat(committed_at).astimezone(UTC).isoformat(),
            "author": shown(author),
            "title": shown(title),
            "body": [shown(line) for line in body],
        }
