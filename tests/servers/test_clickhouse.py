"""The server is real, refuses whom it should, keeps what it acknowledged, and never outlives the tests."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError

from tests.servers.clickhouse import PASSWORD, USER, ClickHouse
from tests.servers.clickhouse_library import PACKAGE, library
from tests.servers.unavailable import Unavailable

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

SECONDS = 30
ROOT = Path(__file__).parents[2]


@contextmanager
def client(server: ClickHouse, user: str = USER, password: str = PASSWORD) -> Iterator[Client]:
    made = clickhouse_connect.get_client(host="127.0.0.1", port=server.port, username=user, password=password)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize(("user", "password"), [(USER, "wrong"), (USER, ""), ("default", ""), ("nobody", PASSWORD)])
def test_only_its_user_gets_in(clickhouse: ClickHouse, user: str, password: str) -> None:
    with client(clickhouse) as made:
        assert made.query("SELECT currentUser()").result_rows == [(USER,)]
    with pytest.raises(ClickHouseError), client(clickhouse, user, password):
        pass


def test_it_keeps_what_it_acknowledged(own_clickhouse: ClickHouse) -> None:
    port = own_clickhouse.port
    with client(own_clickhouse) as made:
        made.command("CREATE DATABASE kept")
        made.command("CREATE TABLE kept.t (n UInt64) ENGINE = MergeTree ORDER BY n")
    for number, end in enumerate((own_clickhouse.kill, own_clickhouse.stop), start=1):
        with client(own_clickhouse) as made:
            made.insert("kept.t", [[number]], ["n"])
        end()
        own_clickhouse.start()
        with client(own_clickhouse) as made:
            assert made.query("SELECT max(n), count() FROM kept.t").result_rows == [(number, number)]
    assert own_clickhouse.port == port
    assert own_clickhouse.url("kept") == f"clickhouse://app:correct%3Ahorse%2Fbattery%40staple@127.0.0.1:{port}/kept"


def test_it_refuses_when_it_is_told_to(own_clickhouse: ClickHouse) -> None:
    own_clickhouse.restart(readonly=True)
    with client(own_clickhouse) as made, pytest.raises(ClickHouseError, match="READONLY"):
        made.command("CREATE DATABASE another")
    own_clickhouse.restart(password="another")
    with pytest.raises(ClickHouseError, match="AUTHENTICATION_FAILED"), client(own_clickhouse):
        pass
    own_clickhouse.restart()
    with client(own_clickhouse) as made:
        made.command("CREATE DATABASE another")


def test_what_does_not_start_says_why(tmp_path: Path) -> None:
    server = ClickHouse(tmp_path, more="<not closed>")
    with pytest.raises(RuntimeError, match=r"does not answer; it said: .*config"):
        server.start()
    server.close()


def test_it_ends_with_the_process_that_started_it(clickhouse: ClickHouse, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from tests.servers.clickhouse import ClickHouse
server = ClickHouse(Path({str(tmp_path)!r}))
server.start()
print(server.pid, flush=True)
input()
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=-1, stdout=-1, text=True) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
    deadline = time.monotonic() + SECONDS
    while _runs(pid):
        assert time.monotonic() < deadline, "the server has outlived its process"
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


# -- fetching, with a stand-in for npm


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script that the test may write, found as `npm`; the cache is empty."""
    monkeypatch.setenv("TEST_SERVERS", str(tmp_path / "cache"))
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder / "npm"


def write(script: Path, text: str) -> None:
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)


def test_it_is_fetched_once_and_whole(npm: Path, tmp_path: Path) -> None:
    made = f"node_modules/{PACKAGE}"
    write(
        npm, f"echo called >>{tmp_path}/calls; test -f package-lock.json && mkdir -p {made} && touch {made}/libchdb.so"
    )
    with ThreadPoolExecutor(4) as workers:
        [file] = {future.result() for future in [workers.submit(library) for _ in range(4)]}
    assert file == library()
    assert file.is_relative_to(tmp_path / "cache")
    assert (tmp_path / "calls").read_text() == "called\n"


def test_what_could_not_be_fetched_can_be_fetched_later(npm: Path) -> None:
    write(npm, "mkdir node_modules; echo 'no such host' >&2; exit 1")
    with pytest.raises(Unavailable, match=r"npm could not fetch .*: no such host; run python"):
        library()
    write(npm, f"mkdir -p node_modules/{PACKAGE} && touch node_modules/{PACKAGE}/libchdb.so")
    assert library().exists()


def test_a_machine_without_npm_is_told_what_to_install(npm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(npm.parent))
    with pytest.raises(Unavailable, match="install npm"):
        library()
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(Unavailable, match="Linux on x86_64"):
        library()
