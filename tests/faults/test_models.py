"""Models that fail in every way, and commits of any size: every commit is analyzed."""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from benchmarks.models import DAY, build
from tests.agents.llm.endpoint import serving
from tests.checker import faults
from tests.cli.scene import commit_of, utc
from tests.configured import by_environment, by_file, by_models, coverage
from tests.faults.conftest import REDUCED
from tests.faults.process import Process
from tests.gitrepo import GitRepo

pytestmark = pytest.mark.faults

MOST_IN_A_REPORT = 100  # larger ones have several parts, which the measure of reports does not know
DAYS = 2 if REDUCED else 5
COMMITS = 60 * DAYS if REDUCED else MOST_IN_A_REPORT * DAYS
MIX = (
    "429:0.10,500:0.05,reset:0.03,cut:0.02,html:0.01,length:0.08,prose:0.10,badjson:0.05,wrongtype:0.05,missing:0.05,"
    "empty:0.03,refusal:0.02,refusaltext:0.01,filter:0.01,wronglang:0.03,hang:0.02"
)
LARGE = 20_000_000  # bytes of diff
FILES = 3_000
SECONDS = 120
TOKENS = 40_000  # that one question may have
QUESTIONS = 8  # that one commit may take: its parts, and their merging


def test_faults_of_every_kind_leave_next_to_nothing_owed(commitwire: Process, tmp_path: Path) -> None:
    repo = build(tmp_path / "rocket", COMMITS, DAYS)
    days = [(date.fromisoformat(DAY) - timedelta(days=n)).isoformat() for n in range(DAYS)]
    with serving("--faults", MIX, "--seed", "7") as endpoint:
        by_file(commitwire, {"url": endpoint.url, "timeout_seconds": 4}, slots=24, content_attempts=7)
        commitwire.environment["COMMITWIRE_CLOCK"] = ""  # rests of the endpoint are to end
        commitwire.report(f"acme/rocket={repo.path}", "--since", days[-1], "--until", days[0])
        stats = endpoint.stats()
    said = [coverage(commitwire, day) for day in days]
    owed = sum(one["owed"] for one in said)
    assert sum(one["commits"] for one in said) == COMMITS
    assert owed <= 0.005 * COMMITS
    assert sum(by_models(commitwire, day) for day in days) == COMMITS - owed
    assert stats["asked_after_a_good_answer"] == 0
    assert [fault for day in days for fault in faults(commitwire, repo, day)] == []


@pytest.mark.parametrize("most_characters", [10**9, 40_000], ids=["any length is read", "the model reads little"])
def test_commits_of_any_size_are_read_within_bounds(commitwire: Process, tmp_path: Path, most_characters: int) -> None:
    repo = GitRepo(tmp_path / "rocket")
    line = "    orbit[{n}] = transfer(orbit[{n}], thrust=0x{n:08x})  # burn {n}\n"
    text = "".join(line.format(n=n) for n in range(LARGE // len(line)))
    repo.commit("feat: orbits", {"src/orbits.py": text, "src/engine.py": "x = 1\n"}, when=utc(f"{DAY} 09:00"))
    files: dict[str | bytes, str] = {f"src/part{n % 50}/file{n}.py": f"x = {n}\n" * 5 for n in range(FILES)}
    repo.commit("feat: import", files, when=utc(f"{DAY} 10:00"))
    with serving("--max-prompt-chars", str(most_characters), "--flavor", "vllm") as endpoint:
        by_environment(commitwire, endpoint.url)
        began = time.monotonic()
        commitwire.report(f"acme/rocket={repo.path}")
        assert time.monotonic() - began < SECONDS
    assert by_models(commitwire, DAY) == 2
    assert faults(commitwire, repo, DAY) == []
    for title in ("feat: orbits", "feat: import"):
        effort = commit_of(commitwire.event(DAY), title)["effort"]
        good = [call for call in effort["calls"] if call["outcome"] == "good"]
        assert len(good) <= QUESTIONS
        assert max(call["prompt_tokens"] for call in good) < min(TOKENS, most_characters // 4)
        assert effort["left_out_total"] > 0
