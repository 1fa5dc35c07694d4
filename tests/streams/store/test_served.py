"""A store on a server that dies, hangs, refuses or is full: nothing is lost or doubled, and a sentence says why."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from schemas.commits import CommitObserved
from schemas.envelope import encode
from schemas.errors import DiskFull, Misuse, Retry, Stop
from schemas.model import Event
from schemas.topics import COMMITS
from streams.stage import Stage, StageLoop
from streams.store import client
from streams.store.store import Store
from tests.faults.disk import Disk, small_disk
from tests.servers.clickhouse import PASSWORD, ClickHouse, fresh_database, started
from tests.servers.clickhouse_proxy import Moment, Proxy
from tests.servers.unavailable import Unavailable, skip_or_fail
from tests.streams.store import history
from tests.streams.store.memory import Memory, opened
from tests.streams.test_stage import NOW, Raw, Sent, StillClock

Views = dict[str, list[tuple[Any, ...]]]


def batches(events: Sequence[Event], size: int) -> list[Sequence[Event]]:
    return [events[at : at + size] for at in range(0, len(events), size)]


@pytest.fixture(scope="module")
def undisturbed(clickhouse: ClickHouse) -> Views:
    with opened(clickhouse.url(fresh_database())) as memory:
        memory.write(*history.events())
        return memory.dump()


def through(proxy: Proxy, server: ClickHouse) -> str:
    """The URL of the server by way of the proxy."""
    return server.url().replace(f":{server.port}/", f":{proxy.port}/")


# -- kill -9


def write_all(memory: Memory, server: ClickHouse, told: Sequence[Sequence[Event]]) -> int:
    """Write the batches, each again until it is written, starting the server again; how often that was needed."""
    restarts = 0
    for batch in told:
        while True:
            try:
                memory.write(*batch)
                break
            except Retry:
                server.restart()
                restarts += 1
    return restarts


@pytest.mark.faults
@pytest.mark.parametrize("moment", Moment)
def test_a_server_killed_during_inserts_loses_and_doubles_nothing(
    own_clickhouse: ClickHouse, moment: Moment, undisturbed: Views
) -> None:
    strikes = (1, 6, 12, 18)
    with Proxy(own_clickhouse.port) as proxy, opened(through(proxy, own_clickhouse)) as memory:
        for at in strikes:
            proxy.strike(at, moment, own_clickhouse.kill)
        assert write_all(memory, own_clickhouse, batches(history.events(), 40)) == len(strikes)
        assert memory.dump() == undisturbed


@pytest.mark.faults
def test_two_thousand_commits_through_twenty_kills(own_clickhouse: ClickHouse, clickhouse: ClickHouse) -> None:
    seed = int(os.environ.get("FAULTS_SEED", "1"))
    drawn = random.Random(seed)
    seen = [history.commit(history.ROCKET, number) for number in range(2_000)]
    events = [
        event for at, one in enumerate(seen) for event in (one, history.analyzed(one, at), history.scored(one, at))
    ]
    with opened(clickhouse.url(fresh_database())) as memory:
        memory.write(*events)
        expected = memory.dump()
    with Proxy(own_clickhouse.port) as proxy, opened(through(proxy, own_clickhouse)) as memory:
        for number in range(20):  # further apart than a batch has inserts, so that each batch ends at some try
            proxy.strike(number * 7 + drawn.randint(1, 2), drawn.choice(list(Moment)), own_clickhouse.kill)
        assert write_all(memory, own_clickhouse, batches(events, 200)) == 20, f"seed {seed}"
        assert memory.dump() == expected, f"seed {seed}"


def test_a_stage_goes_on_where_the_server_left_it(own_clickhouse: ClickHouse) -> None:
    seen = [history.commit(history.ROCKET, number) for number in range(60)]

    async def run(proxy: Proxy) -> tuple[Stop | None, list[tuple[Any, ...]]]:
        store = await Store.open(through(proxy, own_clickhouse))
        for at, moment in zip((2, 6, 10), Moment, strict=True):
            proxy.strike(at, moment, own_clickhouse.kill)
        restarts = 0

        async def keep(events: Sequence[Event]) -> Sequence[Event]:
            await store.write(events)
            return ()

        async def wait(seconds: float) -> bool:
            nonlocal restarts
            restarts += 1
            own_clickhouse.restart()
            return True

        loop = StageLoop(Stage("store", (COMMITS,), keep), Sent(), StillClock(), wait)
        error = await loop.run(delivered(seen))
        found = (await store.select("SELECT count(), uniqExact(sha) FROM v_commits")).rows
        await store.close()
        return error, [*found, (restarts, loop.dead_letters)]

    with Proxy(own_clickhouse.port) as proxy:
        assert asyncio.run(run(proxy)) == (None, [(60, 60), (3, 0)])


async def delivered(events: Sequence[Event]) -> AsyncIterator[list[Raw]]:
    """The events as records, twenty at a time."""
    for batch in batches(events, 20):
        records = (encode(event, source="test", time=NOW) for event in batch)
        yield [Raw(body, headers, key) for key, body, headers in records]


def test_a_store_opened_while_the_server_is_away_can_be_opened_later(own_clickhouse: ClickHouse) -> None:
    own_clickhouse.kill()
    with pytest.raises(Retry, match=r"try again later: Connection refused$"), opened(own_clickhouse.url()):
        pass
    own_clickhouse.start()
    with opened(own_clickhouse.url()) as memory:
        assert memory.rows("SELECT count() FROM v_commits") == [(0,)]


def test_half_an_answer_is_none(own_clickhouse: ClickHouse) -> None:
    seen = [history.commit(history.ROCKET, number) for number in range(1_000)]
    keys = [(one.repo, one.sha) for one in seen]
    with Proxy(own_clickhouse.port) as proxy, opened(through(proxy, own_clickhouse)) as memory:
        memory.write(*seen)
        for work in (lambda: memory.store.details(keys), lambda: memory.store.select("SELECT * FROM v_commits")):
            proxy.cut_at = 10_000
            with pytest.raises(Retry, match="try again later"):
                memory.run(work())
            assert proxy.cut_at is None
        assert len(memory.run(memory.store.details(keys))) == len(seen)


# -- hanging


def test_a_server_that_hangs_is_not_waited_for_without_end(
    own_clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "READ_SECONDS", 1)
    with opened(own_clickhouse.url()) as memory:
        memory.write(*history.events())
        own_clickhouse.pause()
        with pytest.raises(Retry, match=r"try again later: timed out$"):
            memory.write(*history.events())
        with pytest.raises(Retry, match=r"try again later: timed out$"):
            memory.run(memory.store.debts())
        with pytest.raises(Retry, match=r"try again later: timed out$"), opened(own_clickhouse.url()):
            pass
        own_clickhouse.resume()
        memory.write(*history.events())
        assert memory.rows("SELECT count() FROM v_commits") == [(2 * history.COMMITS,)]


# -- refusing


def test_a_wrong_password_is_a_sentence_and_no_retry(own_clickhouse: ClickHouse) -> None:
    said = r"refused, check its address, .*password.*: app: Authentication failed.*\(AUTHENTICATION_FAILED\)$"
    with opened(own_clickhouse.url()) as memory:
        own_clickhouse.restart(password="another")
        for work in (memory.store.write(history.events()), memory.store.debts(), memory.store.select("SELECT 1")):
            with pytest.raises(Misuse, match=said) as caught:
                memory.run(work)
            assert PASSWORD not in str(caught.value)
        with pytest.raises(Misuse, match=said), opened(own_clickhouse.url()):
            pass
        own_clickhouse.restart()
        memory.write(*history.events())


def test_a_server_that_may_only_be_read_is_read(own_clickhouse: ClickHouse) -> None:
    with opened(own_clickhouse.url()) as memory:
        memory.write(*history.events())
        own_clickhouse.restart(readonly=True)
        with pytest.raises(Misuse, match=r"refused, .*\(READONLY\)$"):
            memory.write(*history.events())
    with opened(own_clickhouse.url()) as memory:
        assert memory.rows("SELECT count() FROM v_commits") == [(2 * history.COMMITS,)]
        assert len(memory.run(memory.store.debts())) > 0
        with pytest.raises(Misuse, match=r"refused, .*\(READONLY\)$"):
            memory.write(*history.events())
    with pytest.raises(Misuse, match=r"refused, .*\(READONLY\)$"), opened(own_clickhouse.url("another")):
        pass


@pytest.fixture
def cramped(tmp_path: Path) -> Iterator[tuple[Disk, ClickHouse]]:
    """A server on a file system of its own."""
    with small_disk(tmp_path / "disk") as disk, started(ClickHouse(disk.path / "clickhouse")) as server:
        yield disk, server


@pytest.mark.faults
def test_a_full_disk_is_a_sentence_and_takes_nothing_away(cramped: tuple[Disk, ClickHouse], undisturbed: Views) -> None:
    disk, server = cramped
    keys = [(one.repo, one.sha) for one in history.events() if isinstance(one, CommitObserved)]
    with opened(server.url()) as memory:
        first, *others = batches(history.events(), 80)
        memory.write(*first)
        for room in (0, 300, 900):
            disk.leave(room)
            with pytest.raises(DiskFull, match="has no room left, free some and start again"):
                write_all(memory, server, others * 20)
            assert memory.rows("SELECT count() FROM v_commits") == [(2 * history.COMMITS,)]
            assert len(memory.run(memory.store.details(keys))) == len(keys), "the program itself reads on, too"
            server.kill()
            server.start()
        disk.grow()
        memory.write(*history.events())
        assert memory.dump() == undisturbed


# -- what a server may be like


def test_a_user_with_rights_to_its_database_only(tmp_path: Path, undisturbed: Views) -> None:
    rights = "SELECT, INSERT, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW, ALTER ADD COLUMN"
    server = ClickHouse(tmp_path, grants=[f"GRANT {rights} ON commitwire.*", "GRANT TABLE ENGINE ON *"])
    with started(server), opened(server.url()) as memory:
        memory.write(*history.events())
        assert memory.dump() == undisturbed


def test_a_server_in_another_zone_shows_the_same(tmp_path: Path, undisturbed: Views) -> None:
    server = ClickHouse(tmp_path, zone="Asia/Tokyo")
    with started(server), opened(server.url()) as memory:
        assert memory.rows("SELECT timezone()") == [("Asia/Tokyo",)]
        memory.write(*history.events())
        assert memory.dump() == undisturbed


def test_workers_that_begin_at_once_make_one_store(clickhouse: ClickHouse) -> None:
    url = clickhouse.url(fresh_database())

    def begin(number: int) -> None:
        with opened(url) as memory:
            memory.write(*history.events())

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(begin, range(6)))
    with opened(url) as memory:
        assert memory.rows("SELECT count() FROM v_commits") == [(2 * history.COMMITS,)]


# -- TLS


@contextmanager
def encrypted(server: ClickHouse, folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    """host:port where the server speaks TLS under this name (`IP:…` or `DNS:…`), and the certificate to trust."""
    if shutil.which("openssl") is None:
        skip_or_fail(Unavailable("openssl makes the certificates; install it (Debian: apt install openssl)"))
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "authority.pem")]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    subprocess.run([*made, "-addext", f"subjectAltName={name}", *files], check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "authority.pem", folder / "key.pem")
    with Proxy(server.port, context) as proxy:
        yield f"127.0.0.1:{proxy.port}", folder / "authority.pem"


def secure(server: ClickHouse, place: str, database: str) -> str:
    return server.url(database).replace(f"127.0.0.1:{server.port}", place).replace("clickhouse:", "clickhouses:")


def test_a_certificate_of_a_named_authority_is_trusted(clickhouse: ClickHouse, tmp_path: Path) -> None:
    with (
        encrypted(clickhouse, tmp_path, "IP:127.0.0.1") as (place, authority),
        opened(f"{secure(clickhouse, place, fresh_database())}?ca={authority}") as memory,
    ):
        memory.write(*history.events())
        assert memory.rows("SELECT count() FROM v_commits") == [(2 * history.COMMITS,)]


def test_certificates_are_verified(clickhouse: ClickHouse, tmp_path: Path) -> None:
    database = fresh_database()
    with encrypted(clickhouse, tmp_path, "DNS:elsewhere.example") as (place, authority):
        url = secure(clickhouse, place, database)
        for wrong, said in ((url, "self.signed certificate"), (f"{url}?ca={authority}", "IP address mismatch")):
            with pytest.raises(Misuse, match=f"check its .*certificate.*{said}"), opened(wrong):
                pass


def test_a_server_without_tls_is_misuse_of_its_scheme(clickhouse: ClickHouse) -> None:
    url = secure(clickhouse, f"127.0.0.1:{clickhouse.port}", fresh_database())
    with pytest.raises(Misuse, match=r"check its .*certificate"), opened(url):
        pass
