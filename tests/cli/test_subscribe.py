"""`commitwire subscribe`: every report, in order, to each group; never acknowledged before it was handled."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.cli.scene import line, utc, write_lines
from tests.cli.service import running, up
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo

DAYS = ("2026-02-09", "2026-02-10", "2026-02-11")


def subscribed(home: Commitwire, *options: object, code: int | None = 0) -> list[str]:
    """What is printed until nothing more is there."""
    return home("subscribe", "--once", *options, "--data", home.data, code=code).lines


def named(day: str, revision: int = 1, name: str = "daily") -> str:
    return f"{name} {day} r{revision}: 1 commits (0 high, 0 medium, 1 low), 0 owed"


@pytest.fixture
def reported(commitwire: Commitwire, repo: GitRepo) -> Commitwire:
    """A home with the reports of three days, in one order."""
    commitwire.environment["COMMITWIRE_PARTITIONS"] = "1"
    for day in DAYS:
        repo.commit(f"docs: of {day}", {"a.md": day}, when=utc(f"{day} 10:00"))
    commitwire.report(repo.path, "--since", DAYS[0], "--until", DAYS[-1])
    return commitwire


def test_each_group_has_every_report_once(reported: Commitwire, repo: GitRepo) -> None:
    everything = [named(day) for day in DAYS]
    assert subscribed(reported) == everything
    assert subscribed(reported) == []
    repo.commit("docs: late", {"b.md": "1"}, when=utc(f"{DAYS[1]} 11:00"))
    reported.report(repo.path, "--since", DAYS[0], "--until", DAYS[-1])
    (again,) = subscribed(reported)
    assert again.startswith(f"daily {DAYS[1]} r2: 2 commits")
    assert subscribed(reported, "--group", "other") == [*everything, again]
    assert "is no name" in reported("subscribe", "--group", "a/b", code=2).err
    assert "--report: 'a/b' cannot name a report" in reported("subscribe", "--report", "a/b", code=2).err


def test_a_new_group_may_begin_with_a_day(reported: Commitwire, repo: GitRepo) -> None:
    assert subscribed(reported, "--since", "2026-02-12") == []
    assert subscribed(reported, "--since", DAYS[1]) == [named(day) for day in DAYS[1:]]
    repo.commit("docs: late", {"b.md": "1"}, when=utc(f"{DAYS[0]} 11:00"))
    reported.report(repo.path, "--since", DAYS[0], "--until", DAYS[-1])
    (again,) = subscribed(reported, "--since", DAYS[1])
    assert again.startswith(f"daily {DAYS[0]} r2"), "it has a place: everything that follows comes"


def test_one_report_of_several(reported: Commitwire, repo: GitRepo) -> None:
    reported.report(repo.path, "--name", "other", "--date", DAYS[2])
    assert subscribed(reported, "--report", "other") == [named(DAYS[2], name="other")]
    assert subscribed(reported) == [], "what is not asked for counts as had"


def test_the_whole_event(reported: Commitwire, tmp_path: Path) -> None:
    first, *_ = subscribed(reported, "--json", "--since", DAYS[2])
    assert json.loads(first) == reported.event(DAYS[2])
    large = [line(n, title="fix: " + "long " * 60, body=["words " * 40] * 3) for n in range(600)]
    file = write_lines(tmp_path / "large.jsonl", *large)
    reported.report("-", "--jsonl", file, "--name", "large")
    (printed,) = subscribed(reported, "--json", "--report", "large")
    assert len(printed) > 512 * 1024
    assert json.loads(printed) == reported.event("2026-02-11", "large")


def test_a_command_for_each(reported: Commitwire) -> None:
    run = "printf '%s ' $COMMITWIRE_REPORT $COMMITWIRE_DAY $COMMITWIRE_REVISION; cat"
    printed = subscribed(reported, "--exec", run)
    assert [one.partition("{")[0] for one in printed] == [f"daily {day} 1 " for day in DAYS]
    events = [json.loads("{" + one.partition("{")[2]) for one in printed]
    assert events == [reported.event(day) for day in DAYS]


def test_a_command_that_fails_gets_the_same_report_again(reported: Commitwire) -> None:
    fails = f"echo $COMMITWIRE_DAY; test $COMMITWIRE_DAY != {DAYS[1]}"
    failed = reported("subscribe", "--once", "--exec", fails, "--tries", 2, "--data", reported.data, code=1)
    assert failed.lines == [DAYS[0], DAYS[1], DAYS[1]]
    assert failed.err.splitlines()[-1] == (
        f"commitwire: `{fails}` failed 2 times for daily/{DAYS[1]}, revision 1 (exit 1);"
        " `subscribe` begins with it again"
    )
    assert subscribed(reported) == [named(day) for day in DAYS[1:]]


def test_a_command_may_ask(reported: Commitwire) -> None:
    """The variables that it is given are none of the configuration."""
    asked = f'{_program(reported)} sql "SELECT 1" --format csv --data {reported.data}'
    assert subscribed(reported, "--exec", asked) == ["1", "1"] * len(DAYS)


def _program(home: Commitwire) -> str:
    file = home.home / "commitwire.py"
    file.write_text("from streams.cli import main; main()")
    return f"{sys.executable} {file}"


@pytest.mark.parametrize("told", ["once", "twice"])
def test_a_command_that_does_not_end_is_killed_with_the_program(reported: Commitwire, told: str) -> None:
    """Otherwise the next program would run it again beside itself."""
    seconds = f"import streams.interruption; streams.interruption.STOP_SECONDS = {1 if told == 'once' else 60}\n"
    deaf = 'trap "" TERM INT; sleep 600 & echo $$ $!; while :; do wait; done'
    with running(reported, "subscribe", "--exec", deaf, "--data", reported.data, before=seconds) as subscriber:
        subscriber.until(lambda: subscriber.lines)
        pids = [int(pid) for pid in subscriber.lines[0].split()]
        if told == "twice":
            subscriber.process.terminate()
            time.sleep(0.5)  # a signal that waits to be handled is one with the next
            assert all(map(_lives, pids)), "it is waited for"
        assert subscriber.stop() == 1
        end = time.monotonic() + 10
        while any(map(_lives, pids)):
            assert time.monotonic() < end
            time.sleep(0.05)


def _lives(pid: int) -> bool:
    """Whether the process runs; nobody may have asked yet how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.faults
@pytest.mark.parametrize("point", ["subscriber.handled", "subscriber.acknowledged"])
@pytest.mark.parametrize("count", [1, 2])
def test_killed_it_misses_nothing(reported: Commitwire, point: str, count: int) -> None:
    reported.environment["COMMITWIRE_KILL_AT"] = f"{point}:{count}"
    before = subscribed(reported, code=-signal.SIGKILL)
    del reported.environment["COMMITWIRE_KILL_AT"]
    assert before == [named(day) for day in DAYS[:count]]
    had = count if point == "subscriber.acknowledged" else count - 1
    assert subscribed(reported) == [named(day) for day in DAYS[had:]]


def test_beside_up_each_report_comes_as_it_is_published(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("docs: one", {"a.md": "1"}, when=utc("2026-02-11 10:00"))
    repo.commit("docs: two", {"a.md": "2"}, when=utc("2026-02-12 05:00"))
    with up(commitwire, repo.path) as service:
        service.until((commitwire.out / "daily" / "2026-02-11.json").exists)
        with running(commitwire, "subscribe", "--data", commitwire.data) as subscriber:
            subscriber.until(lambda: subscriber.lines == [named("2026-02-11")])
            service.kill()
            commitwire.now = "2026-02-13T00:00:10+00:00"
            with up(commitwire, repo.path) as again:
                subscriber.until(lambda: len(subscriber.lines) == 2)
                assert subscriber.stop() == 0
                assert subscribed(commitwire) == []
                assert again.stop() == 0
        assert subscriber.lines == [named("2026-02-11"), named("2026-02-12")]
    assert subscribed(commitwire) == []


def test_without_a_log_it_says_so(commitwire: Commitwire) -> None:
    nothing = commitwire("subscribe", "--data", commitwire.data, code=2)
    on_broker = "COMMITWIRE_BROKER" in commitwire.environment
    missing = r"topic \S+\.reports yet that we may see" if on_broker else "log yet"
    assert re.search(f"holds no {missing}; ", nothing.err)
    assert len(nothing.err.splitlines()) == 1
