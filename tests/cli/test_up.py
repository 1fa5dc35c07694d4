"""`commitwire up` for days on end: what it reports and when, who else may speak, how it stops, and what survives it."""

from __future__ import annotations

import json
import os
import signal
import stat
from dataclasses import replace
from functools import partial

import pytest

from streams.interruption import STOP_SECONDS
from streams.transports.log import Log
from tests.agents.llm.endpoint import serving
from tests.checker import faults
from tests.cli.scene import records, titles, unnamed, utc
from tests.cli.service import running, up
from tests.commitwire import Commitwire
from tests.configured import by_environment, by_models, coverage
from tests.gitrepo import GitRepo

YESTERDAY, TODAY = "2026-02-11", "2026-02-12"
SENTENCE = "commitwire: interrupted; the same command goes on where this one stopped\n"
STAY = """
import threading
import streams.failpoint
def failpoint(name):
    if name == {point!r}:
        print("staying", flush=True)
        threading.Event().wait()
streams.failpoint.failpoint = failpoint
"""


def reported(home: Commitwire, day: str, revision: int = 1) -> bool:
    file = home.out / "daily" / f"{day}.json"
    return file.exists() and json.loads(file.read_text())["revision"] == revision


def commits(home: Commitwire) -> int:
    found = home("sql", "SELECT count() AS n FROM v_commits", "--format", "json", "--data", home.data, code=None)
    return int(json.loads(found.out)[0]["n"]) if found.code == 0 else 0


def is_bound(home: Commitwire, name: str, zone: str) -> bool:
    """Whether the days of a name are those of a zone."""
    return (name, zone) in {
        (one["name"], json.loads(one["binding"])["zone"]) for one in home.sql("SELECT * FROM v_definitions")
    }


@pytest.fixture
def worked(repo: GitRepo) -> GitRepo:
    """A repository with a commit of yesterday and one of today."""
    repo.commit("fix: of yesterday", {"a.py": "1\n"}, when=utc(f"{YESTERDAY} 10:00"))
    repo.commit("fix: of today", {"a.py": "2\n"}, when=utc(f"{TODAY} 05:00"))
    return repo


def test_a_day_is_reported_when_it_is_over(commitwire: Commitwire, worked: GitRepo) -> None:
    with up(commitwire, worked.path) as service:
        service.until(lambda: reported(commitwire, YESTERDAY))
        worked.commit("feat: while it runs", {"b.py": "1\n"}, when=utc(f"{TODAY} 05:30"))
        service.until(lambda: commits(commitwire) == 3)
        assert [path.name for path in (commitwire.out / "daily").glob("*.json")] == [f"{YESTERDAY}.json"]

        commitwire.now = "2026-02-13T00:00:10+00:00"
        commitwire.tell_time()
        service.until(lambda: reported(commitwire, TODAY))
        assert titles(commitwire.event(TODAY)) == ["feat: while it runs", "fix: of today"]

        worked.commit("fix: forgotten", {"c.py": "1\n"}, when=utc(f"{YESTERDAY} 11:00"))
        service.until(lambda: reported(commitwire, YESTERDAY, 2))
        assert [one["title"] for one in commitwire.event(YESTERDAY)["changes"]["added"]] == ["fix: forgotten"]
        assert service.stop() == 0
    assert [(one["day"], one["revision"]) for one in records(commitwire, "reports")] == [
        (YESTERDAY, 1),
        (TODAY, 1),
        (YESTERDAY, 2),
    ]
    assert faults(commitwire, worked, YESTERDAY) == []
    assert unnamed(commitwire) == set()
    assert not (commitwire.data / "commitwire.sock").exists()


@pytest.mark.embedded
def test_its_user_can_ask_while_it_runs(commitwire: Commitwire, worked: GitRepo) -> None:
    with up(commitwire, worked.path) as service:
        service.until(lambda: reported(commitwire, YESTERDAY))
        place = ("--data", commitwire.data)
        query = "SELECT title, committed_at, body, shas FROM v_commits JOIN v_seals USING repo ORDER BY 2, v_seals.day"
        asked = [commitwire("sql", query, "--format", kind, *place).out for kind in ("table", "json", "csv")]
        wrong = commitwire("sql", "SELECT nothing FROM v_commits", *place, code=2)
        assert "nothing" in wrong.err
        assert "only one reading statement" in commitwire("sql", "DROP TABLE commits", *place, code=2).err
        many = commitwire("sql", "SELECT number FROM numbers(200000)", *place, code=2)
        assert "more than 100,000 rows" in many.err
        assert len(commitwire("topics", "tail", "commits", *place).lines) == 2
        assert "ok     store: 2 commits, 1 reports" in commitwire("check", *place).out
        for command in (("owed", "list"), ("dead-letters", "list")):
            assert commitwire(*command, *place).out == ""
        assert "asks none for others" in commitwire("owed", "pay", *place, code=2).err
        assert "no analysis of a commit abc is owed" in commitwire("owed", "forgive", "abc", *place, code=2).err
        assert stat.S_IMODE(os.stat(commitwire.data / "commitwire.sock").st_mode) == 0o600
        service.stop()
    assert [commitwire("sql", query, "--format", kind, *place).out for kind in ("table", "json", "csv")] == asked


@pytest.mark.embedded
def test_a_second_owner_is_refused(commitwire: Commitwire, worked: GitRepo) -> None:
    with up(commitwire, worked.path) as service:
        service.until(lambda: reported(commitwire, YESTERDAY))
        place = ("--data", commitwire.data)
        for command in (
            ("up", f"acme/rocket={worked.path}"),
            ("report", f"acme/rocket={worked.path}"),
            ("replay", "--since", YESTERDAY, "--until", YESTERDAY),
        ):
            refused = commitwire(*command, *place, code=2)
            assert "another running process owns the store in" in refused.err
            assert refused.err.count("\n") == 1
        assert commits(commitwire) == 2, "the first one goes on"


def test_where_the_path_is_too_long_for_a_socket(commitwire: Commitwire, worked: GitRepo) -> None:
    home = replace(commitwire, home=commitwire.home / ("d" * 120))
    home.home.mkdir()
    with up(home, worked.path) as service:
        service.until(lambda: reported(home, YESTERDAY))
        assert home.sql("SELECT count() AS n FROM v_commits") == [{"n": 2}]
        assert service.stop() == 0


def test_a_second_signal_ends_it_at_once(commitwire: Commitwire, worked: GitRepo) -> None:
    with up(commitwire, worked.path, before=STAY.format(point="store.before_report")) as service:
        service.until(lambda: "staying" in service.lines)
        service.process.send_signal(signal.SIGTERM)
        service.says("up is stopping")
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(STOP_SECONDS / 2) == 1, "it does not wait for the end of the grace"
        assert service.err.read_text().endswith(SENTENCE)
    with up(commitwire, worked.path) as service:
        service.until(lambda: reported(commitwire, YESTERDAY))
    assert titles(commitwire.event(YESTERDAY)) == ["fix: of yesterday"]


def _listens(home: Commitwire) -> bool:
    return (home.data / "commitwire.sock").exists()


@pytest.mark.faults
@pytest.mark.parametrize(
    "point", ["store.after_write", "store.after_report", pytest.param("log.after_write:7", marks=pytest.mark.embedded)]
)
def test_killed_at_any_time_it_reports_once(commitwire: Commitwire, worked: GitRepo, point: str) -> None:
    commitwire.environment["COMMITWIRE_KILL_AT"] = point
    with up(commitwire, worked.path) as service:
        assert service.process.wait(60) == -signal.SIGKILL
    del commitwire.environment["COMMITWIRE_KILL_AT"]
    with up(commitwire, worked.path) as service:
        service.until(lambda: reported(commitwire, YESTERDAY) and commits(commitwire) == 2)
        assert service.stop() == 0
    assert [(one["day"], one["revision"]) for one in records(commitwire, "reports")] == [(YESTERDAY, 1)]
    assert commitwire.sql("SELECT count() AS n FROM v_reports") == [{"n": 1}]


@pytest.mark.embedded
@pytest.mark.faults
def test_what_a_killed_one_leaves_is_in_nobodys_way(commitwire: Commitwire, worked: GitRepo) -> None:
    with up(commitwire, worked.path) as service:
        service.until(lambda: reported(commitwire, YESTERDAY))
        service.kill()
    assert _listens(commitwire), "nobody took the socket away"
    assert commits(commitwire) == 2
    with up(commitwire, worked.path) as service:
        service.says("up is running")
        assert commits(commitwire) == 2
        assert service.stop() == 0


@pytest.mark.embedded
def test_it_takes_the_words_of_a_report_for_what_it_reports(commitwire: Commitwire, worked: GitRepo) -> None:
    commitwire.environment |= {"COMMITWIRE_LISTEN": "", "COMMITWIRE_ZONE": "UTC"}
    words = (worked.path, "--tz", "Europe/Berlin", "--lang", "en")
    commitwire.report(*words, "--date", YESTERDAY)
    places = ("--data", commitwire.data, "--out", commitwire.out)
    assert commitwire("up", "-", *places, code=2).err.startswith("commitwire: - is no repository to look at again")
    refused = commitwire("up", worked.path, *places, code=2).err
    assert refused.endswith("Give it another --name, or change its definition with --redefine.\n")
    expected = [
        (words[1:], "daily", "Europe/Berlin"),
        (("--name", "other"), "other", "UTC"),
        (("--redefine",), "daily", "UTC"),
    ]
    for more, name, zone in expected:
        with running(commitwire, "up", worked.path, *places, *more, "--log-format", "json") as service:
            service.says("up is running")
            service.until(lambda: commits(commitwire) == 2)
            service.until(partial(is_bound, commitwire, name, zone))
            assert service.stop() == 0
            assert {json.loads(line)["level"] for line in service.err.read_text().splitlines()} <= {"info", "warning"}


@pytest.mark.embedded
def test_dead_letters_are_put_back_by_the_owner(commitwire: Commitwire, worked: GitRepo) -> None:
    with up(commitwire, worked.path) as service:
        service.until(lambda: reported(commitwire, YESTERDAY))
        service.stop()
    log = Log(commitwire.data / "log")
    log.append(
        "commitwire.commits", b"who@knows", b"\xff\x00", {"ce_type": b"commitwire.CommitObserved.v1", "x": b"\xe9"}
    )
    log.close()
    with up(commitwire, worked.path) as service:
        service.until(lambda: len(dead(commitwire)) == 2)
        first = dead(commitwire)
        for identity in first:
            assert commitwire("dead-letters", "replay", identity, "--data", commitwire.data).lines == [identity]
        # each was replayed, and both stages that read it failed again
        service.until(lambda: len(records(commitwire, "dead-letters")) == 8)
        assert dead(commitwire) == first
        bodies = [one["body"] for one in records(commitwire, "dead-letters")]
        assert len(set(bodies)) == 1


def dead(home: Commitwire) -> set[str]:
    return {line.split()[0] for line in home("dead-letters", "list", "--data", home.data).lines}


@pytest.mark.embedded
def test_what_is_owed_is_paid_when_the_model_answers_again(commitwire: Commitwire, repo: GitRepo) -> None:
    for n in range(3):
        repo.commit(f"fix: stage {n}", {f"src/{n}.py": f"n = {n}\n" * 20}, when=utc(f"{YESTERDAY} 1{n}:00"))
    with serving("--faults", "403:1.0") as endpoint:
        by_environment(commitwire, endpoint.url)
        with up(commitwire, repo.path) as service:
            service.until(lambda: reported(commitwire, YESTERDAY))
            assert coverage(commitwire, YESTERDAY)["owed"] == 3
            owed = commitwire("owed", "list", "--json", "--data", commitwire.data).lines
            assert len(owed) == 3
            sha = json.loads(owed[-1])["commit"]  # the oldest may be with the model already
            said = commitwire("owed", "forgive", sha, "--data", commitwire.data).err
            assert said.startswith("commitwire: 1 debts are forgiven by the process that owns ")

            endpoint.control(faults="")
            commitwire.now = "2026-02-13T09:00:00+00:00"
            commitwire.tell_time()
            service.until(lambda: coverage(commitwire, YESTERDAY)["owed"] == 0)
            told = coverage(commitwire, YESTERDAY)
            assert (told["forgiven"], by_models(commitwire, YESTERDAY)) == (1, 2)
            assert service.stop() == 0
    assert faults(commitwire, repo, YESTERDAY) == []


@pytest.mark.parametrize("words", ["report", "replay", "owed pay"])
def test_a_command_answers_too_while_it_waits_for_its_model(
    commitwire: Commitwire, worked: GitRepo, words: str
) -> None:
    place = ("--data", commitwire.data, "--out", commitwire.out)
    arguments = {
        "report": (f"acme/rocket={worked.path}", "--date", YESTERDAY, "--tz", "UTC"),
        "replay": ("--since", YESTERDAY, "--until", YESTERDAY),
        "owed pay": (),
    }[words]
    with serving("--faults", "403:1.0") as endpoint:
        by_environment(commitwire, endpoint.url)
        commitwire.report(f"acme/rocket={worked.path}", "--date", YESTERDAY)
        endpoint.control(faults="hang:1.0")
        commitwire.now = "2026-02-13T09:00:00+00:00"  # the endpoint may be asked again
        with running(commitwire, *words.split(), *arguments, *place) as command:
            command.until(lambda: endpoint.stats()["in_flight"])
            assert commitwire.sql("SELECT count() AS n FROM v_commits") == [{"n": 1}]
            assert commitwire("owed", "list", "--json", *place[:2]).lines
            if "COMMITWIRE_BROKER" not in commitwire.environment:  # a cluster has as many owners as come
                assert "asks none for others" in commitwire("owed", "pay", *place, code=2).err


@pytest.mark.embedded
def test_where_no_socket_can_be_it_works_without(commitwire: Commitwire, worked: GitRepo) -> None:
    (commitwire.data / "commitwire.sock").mkdir(parents=True)
    with up(commitwire, worked.path) as service:
        service.says("no command can ask this process")
        service.until(lambda: reported(commitwire, YESTERDAY))
        refused = commitwire("sql", "SELECT 1", "--data", commitwire.data, code=2)
        assert f"nobody answers at {commitwire.data}/commitwire.sock" in refused.err
        assert service.stop() == 0
