"""A real ClickHouse server on the loopback interface: it can be killed, stopped, paused, restarted, and refuse."""

from __future__ import annotations

import hashlib
import http.client
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import pytest

from tests.servers.clickhouse_library import library, place
from tests.servers.ports import Port
from tests.servers.process import ServerProcess
from tests.servers.unavailable import Unavailable, ask_for, skip_or_fail

USER = "app"
PASSWORD = "correct:horse/battery@staple"
START_SECONDS = 60
PAUSE_SECONDS = 0.02
ENGINE = Path(__file__).with_name("clickhouse_engine.py")

# `default` is the engine's own session, the only one that it may have
_USERS = """<clickhouse>
  <profiles>
    <default/>
    <readonly><readonly>1</readonly></readonly>
    <engine><max_sessions_for_user>1</max_sessions_for_user></engine>
  </profiles>
  <quotas><default/></quotas>
  <users>
    <{user}>
      <password_sha256_hex>{digest}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks><profile>{profile}</profile><quota>default</quota>
      {grants}
    </{user}>
    <default><no_password/><networks><ip>127.0.0.1</ip></networks><profile>engine</profile><quota>default</quota></default>
  </users>
</clickhouse>
"""
_CONFIG = """<clickhouse>
  <path>{data}</path>
  <users_config>{users}</users_config>
  <default_profile>default</default_profile>
  <!-- a server that stops waits for idle connections -->
  <keep_alive_timeout>1</keep_alive_timeout>
  {more}
</clickhouse>
"""


class ClickHouse:
    """A server with its data and files in `directory`, on ports of its own that stay the same across restarts.

    `more` is XML inside the server's configuration; with `grants` (SQL) the user has these rights only; `zone` is the
    server's time zone. Use it as a context manager: it is killed at the end.
    """

    def __init__(
        self, directory: Path, *, more: str = "", user: str = USER, grants: Sequence[str] = (), zone: str = "UTC"
    ) -> None:
        self.directory = directory
        self.user = user
        self.more = more
        self.grants = grants
        self.zone = zone
        self._ports = (Port(), Port())
        self._process: ServerProcess | None = None

    @property
    def port(self) -> int:
        """Of HTTP."""
        return self._ports[0].number

    @property
    def tcp_port(self) -> int:
        """Of the native protocol, which servers speak to each other."""
        return self._ports[1].number

    @property
    def pid(self) -> int:
        return self._running.pid

    def url(self, database: str = "commitwire") -> str:
        """The store URL of a database, with the right user and password."""
        return f"clickhouse://{self.user}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{database}"

    def start(self, *, password: str = PASSWORD, readonly: bool = False) -> None:
        """Start it and wait until it answers: with another password, or for reading only, if you like.

        Raises Unavailable where no server can be had, RuntimeError when it does not begin to answer.
        """
        self._configure(password, readonly)
        files = [str(self.directory / "config.xml"), str(self.directory / "data")]
        command = [sys.executable, str(ENGINE), str(library()), *files, str(self.port), str(self.tcp_port)]
        self._process = ServerProcess(command, self.directory / "server.log", {"TZ": self.zone})
        self._process.start()
        self._await_answer()

    def _configure(self, password: str, readonly: bool) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        users = self.directory / "users.xml"
        users.write_text(
            _USERS.format(
                user=self.user,
                digest=hashlib.sha256(password.encode()).hexdigest(),
                profile="readonly" if readonly else "default",
                grants=f"<grants>{''.join(f'<query>{one}</query>' for one in self.grants)}</grants>"
                if self.grants
                else "",
            )
        )
        config = _CONFIG.format(data=self.directory / "data", users=users, more=self.more)
        (self.directory / "config.xml").write_text(config)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if not self._running.running or time.monotonic() > deadline:
                said = self._running.said()
                self.kill()
                raise RuntimeError(f"the ClickHouse server in {self.directory} does not answer; it said: {said}")
            time.sleep(PAUSE_SECONDS)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().read().strip() == b"Ok."
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def restart(self, *, password: str = PASSWORD, readonly: bool = False) -> None:
        """Stop it if it runs, and start it again with the same data."""
        self.stop()
        self.start(password=password, readonly=readonly)

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        """End it in good order."""
        if self._process is not None:
            self._process.stop()

    def pause(self) -> None:
        """Let it hang: connections are taken and nothing is answered."""
        self._running.pause()

    def resume(self) -> None:
        self._running.resume()

    @property
    def _running(self) -> ServerProcess:
        assert self._process is not None, "the server was not started"
        return self._process

    def __enter__(self) -> Self:
        if self._process is None:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill it and give its ports back."""
        self.kill()
        for port in self._ports:
            port.release()


def fresh_database() -> str:
    """A name that no other test uses."""
    return f"test_{uuid.uuid4().hex}"


def started(server: ClickHouse, *, password: str = PASSWORD) -> ClickHouse:
    """The server, started; where none can be had the test is skipped and says what to install, and fails in CI."""
    try:
        ask_for(place())
        server.start(password=password)
    except Unavailable as error:
        server.close()
        skip_or_fail(error)
    return server


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """One server for all tests of a worker; they take a `fresh_database()` each and leave it running."""
    server = started(ClickHouse(tmp_path_factory.mktemp("clickhouse")))
    yield server
    server.close()


@pytest.fixture
def own_clickhouse(tmp_path: Path) -> Iterator[ClickHouse]:
    """A server that a test may kill, stop and restart."""
    server = started(ClickHouse(tmp_path / "clickhouse"))
    yield server
    server.close()
