"""What a process answers about itself, asked over real connections."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2 as httpx
import pytest

from schemas.errors import Misuse, Retry
from schemas.model import Event
from schemas.topics import COMMITS
from streams import door, listener
from streams.clock import SystemClock
from streams.door import CONNECTIONS
from streams.flow import Flow
from streams.health import Check, Health
from streams.listener import Listener
from streams.metrics import Metrics
from streams.stage import Stage
from streams.store.store import Store
from tests.servers.brokers import new_namespace
from tests.servers.kafka import Kafka

SECONDS = 30  # the longest that anything here may take
TOKEN = "a token of a test"


async def holds() -> None:
    pass


def fails(error: Exception) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        raise error

    return ask


async def says_nothing(events: Sequence[Event]) -> Sequence[Event]:
    return []


async def never() -> None:
    await asyncio.Event().wait()


@asynccontextmanager
async def serving(
    *ready: Check, alive: tuple[Check, ...] = (), token: str = "", host: str = "127.0.0.1"
) -> AsyncIterator[httpx.AsyncClient]:
    listener = Listener(host, 0, token, Metrics(SystemClock().now), ready, alive)
    async with asyncio.timeout(SECONDS):
        await listener.start()
        try:
            url = listener.url.replace("0.0.0.0", "127.0.0.1")
            async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=SECONDS) as client:
                yield client
        finally:
            await listener.stop()


async def answer(client: httpx.AsyncClient, path: str) -> tuple[int, object]:
    response = await client.get(path)
    return response.status_code, response.json()


async def until_it_says(client: httpx.AsyncClient, status: int) -> None:
    while (await answer(client, "/readyz"))[0] != status:  # noqa: ASYNC110
        await asyncio.sleep(0.1)


def test_it_is_ready_when_every_check_holds() -> None:
    async def run() -> None:
        async with serving(Check("broker", holds), Check("store", holds)) as client:
            assert await answer(client, "/readyz") == (200, {"ok": True, "failing": {}})

    asyncio.run(run())


def test_readiness_says_what_fails_and_why_without_passwords() -> None:
    broken = Retry("clickhouse://ada:geh@im@db:8123 does not answer")
    checks = [Check("broker", holds), Check("store", fails(broken)), Check("sources", fails(ValueError()))]

    async def run() -> None:
        async with serving(*checks) as client:
            why = {"store": "clickhouse://ada:***@db:8123 does not answer", "sources": "ValueError"}
            assert await answer(client, "/readyz") == (503, {"ok": False, "failing": why})
            assert await answer(client, "/livez") == (200, {"ok": True, "failing": {}})

    asyncio.run(run())


def test_a_flow_that_gave_up_is_not_alive() -> None:
    async def run() -> None:
        async with serving(alive=(Check("flow", fails(Retry("gave up"))),)) as client:
            assert await answer(client, "/livez") == (503, {"ok": False, "failing": {"flow": "gave up"}})
            assert (await answer(client, "/readyz"))[0] == 200

    asyncio.run(run())


def test_a_check_without_an_answer_fails_in_time_and_is_asked_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "CHECK_SECONDS", 0.2)
    asked: list[None] = []

    async def ask() -> None:
        asked.append(None)
        await never()

    async def run() -> None:
        async with serving(Check("store", ask)) as client:
            one, other = await asyncio.gather(answer(client, "/readyz"), answer(client, "/readyz"))
            assert one == other == (503, {"ok": False, "failing": {"store": "no answer within 0.2 s"}})
            assert len(asked) == 1
            await answer(client, "/readyz")
            assert len(asked) == 2

    asyncio.run(run())


def test_a_stop_does_not_wait_for_a_check() -> None:
    async def run() -> None:
        begun = asyncio.Event()

        async def ask() -> None:
            begun.set()
            await never()

        async with serving(Check("store", ask)) as client:
            asking = asyncio.ensure_future(client.get("/readyz"))
            await begun.wait()
        await asyncio.gather(asking, return_exceptions=True)
        assert asking.done()

    asyncio.run(run())


def test_a_stuck_loop_does_not_answer() -> None:
    started, stuck, goes_on = threading.Event(), threading.Event(), threading.Event()
    urls: list[str] = []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with serving() as client:
            urls.append(str(client.base_url))
            started.set()
            await asyncio.to_thread(goes_on.wait, SECONDS)

    def block() -> None:
        stuck.set()
        goes_on.wait(SECONDS)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert started.wait(SECONDS)
    with httpx.Client(base_url=urls[0], trust_env=False) as client:
        assert client.get("/livez").status_code == 200
        loop.call_soon_threadsafe(block)
        assert stuck.wait(SECONDS)
        with pytest.raises(httpx.ReadTimeout):
            client.get("/livez", timeout=0.3)
    goes_on.set()
    thread.join(SECONDS)
    loop.close()


def test_the_store_is_asked_whether_it_answers(tmp_path: Path) -> None:
    async def run() -> None:
        store = await Store.open(f"chdb://{tmp_path / 'store'}")
        try:
            health = Health(ingests=False)
            asks_store = next(check for check in health.ready if check.name == "store")
            async with serving(asks_store) as client:
                assert (await answer(client, "/readyz"))[0] == 503
                health.store = store
                assert (await answer(client, "/readyz"))[0] == 200
                for lane in (store._readers, store._writer):
                    await asyncio.to_thread(lane.close)
                status, told = await answer(client, "/readyz")
                assert status == 503
                assert "store" in str(told)
        finally:
            await store.close()

    asyncio.run(run())


def test_the_embedded_log_answers(tmp_path: Path) -> None:
    async def run() -> None:
        health = Health(ingests=True)
        health.flow = flow = Flow(f"embedded://{tmp_path}/log", SystemClock(), ())
        await flow.start()
        try:
            async with serving(next(check for check in health.ready if check.name == "broker")) as client:
                assert (await answer(client, "/readyz"))[0] == 200
        finally:
            await flow.stop()

    asyncio.run(run())


@pytest.mark.faults
@pytest.mark.parametrize("stages", [(), (Stage("analyzers", reads=(COMMITS,), handle=says_nothing),)])
def test_the_broker_is_asked_whether_it_answers(kafka: Kafka, stages: tuple[Stage, ...]) -> None:
    async def run() -> None:
        flow = Flow(new_namespace(kafka), SystemClock(), stages)
        health = Health(ingests=not stages)
        asks_broker = next(check for check in health.ready if check.name == "broker")
        async with serving(asks_broker) as client:
            assert (await answer(client, "/readyz"))[0] == 503
            await flow.start()
            try:
                health.flow = flow
                assert await answer(client, "/readyz") == (200, {"ok": True, "failing": {}})
                kafka.kill()
                why = {"broker": f"{kafka.bootstrap} does not answer; check the broker"}
                assert await answer(client, "/readyz") == (503, {"ok": False, "failing": why})
                await asyncio.to_thread(kafka.start)
                await until_it_says(client, 200)
                kafka.pause()
                await until_it_says(client, 503)  # it takes a moment until all of its threads stand still
                why = {"broker": "no answer within 3 s"}
                assert await answer(client, "/readyz") == (503, {"ok": False, "failing": why})
                kafka.resume()
                await until_it_says(client, 200)
            finally:
                await flow.stop()

    asyncio.run(run())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "example.org"])
def test_other_machines_need_a_token(host: str) -> None:
    with pytest.raises(Misuse, match="set listen_token"):
        Listener(host, 0, "", Metrics(SystemClock().now), [])


@pytest.mark.parametrize("listen", ["bogus", "localhost:", "localhost:99999", "localhost:-1", "local host:1", ":٣"])
def test_an_address_that_is_none_is_named_with_its_option(listen: str) -> None:
    with pytest.raises(
        Misuse, match=f"--listen: '{listen}' is no address; write HOST:PORT with a port from 0 to 65535"
    ):
        Listener.at(listen, TOKEN, Metrics(SystemClock().now), [], [])


def test_a_host_that_can_be_no_name_is_told() -> None:
    listener = Listener.at(f"{'x' * 70}:0", TOKEN, Metrics(SystemClock().now), [], [])
    with pytest.raises(Misuse, match=r"listen: http://x+:0 cannot be used: .*; choose another address"):
        asyncio.run(listener.start())


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_needs_none(host: str) -> None:
    Listener(host, 0, "", Metrics(SystemClock().now), [])


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Authorization": "Bearer \udcff".encode("utf-8", "surrogateescape")}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
def test_everything_but_the_health_needs_the_token(said: dict[str, str | bytes], status: int) -> None:
    headers = {name.encode(): value if isinstance(value, bytes) else value.encode() for name, value in said.items()}

    async def run() -> None:
        async with serving(token=TOKEN, host="0.0.0.0") as client:
            assert (await client.get("/metrics", headers=headers)).status_code == status
            assert (await client.get("/nothing", headers=headers)).status_code == (401 if status == 401 else 404)
            assert (await client.get("/livez")).status_code == 200
            assert (await client.get("/readyz")).status_code == 200

    asyncio.run(run())


def test_only_reading_is_possible() -> None:
    async def run() -> None:
        async with serving() as client:
            for path in ("/livez", "/readyz", "/metrics"):
                assert (await client.post(path, content=b"x" * 100_000)).status_code == 405
                assert (await client.head(path)).status_code == 200
            assert (await client.get("/")).status_code == 404

    asyncio.run(run())


def test_a_taken_port_is_told() -> None:
    async def run() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(Misuse, match=f"listen: http://127.0.0.1:{port} cannot be used"):
                await Listener("127.0.0.1", port, "", Metrics(SystemClock().now), []).start()

    asyncio.run(run())


def test_it_can_be_stopped_before_it_started_and_twice() -> None:
    async def run() -> None:
        listener = Listener("127.0.0.1", 0, "", Metrics(SystemClock().now), [])
        await listener.stop()
        await listener.start()
        await listener.stop()
        await listener.stop()

    asyncio.run(run())


# -- bounds


async def connected(client: httpx.AsyncClient) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(client.base_url.host, client.base_url.port)


def test_too_many_connections_are_closed_and_room_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "IDLE_SECONDS", 2.0 * SECONDS)  # what is closed here was not idle

    async def run() -> None:
        async with serving() as client:
            held = [await connected(client) for _ in range(CONNECTIONS)]
            for reader, writer in held:  # all of them are in: each has an answer
                writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
                assert (await reader.readline()).split()[1] == b"200"
            reader, writer = await connected(client)
            assert await reader.read() == b""
            for _, one in [*held, (reader, writer)]:
                one.close()
                await one.wait_closed()
            while (await told(client)) != b"200":
                pass

    asyncio.run(run())


async def told(client: httpx.AsyncClient) -> bytes:
    """The status on a connection of its own; empty when it was refused."""
    reader, writer = await connected(client)
    try:
        writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return (await reader.readline())[9:12]
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("begun", [b"", b"GET /livez HTTP/1.1\r\nX-Slow: "])
def test_a_connection_without_a_whole_request_is_closed(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "IDLE_SECONDS", 0.2)

    async def run() -> None:
        async with serving() as client:
            reader, writer = await connected(client)
            writer.write(begun)
            assert await reader.read() == b""
            writer.close()

    asyncio.run(run())


def test_long_lines_are_refused() -> None:
    async def run() -> None:
        async with serving() as client:
            assert (await client.get("/livez", headers={"X-Long": "x" * 10_000})).status_code == 400
            assert (await client.get("/" + "x" * 10_000)).status_code == 400

    asyncio.run(run())
