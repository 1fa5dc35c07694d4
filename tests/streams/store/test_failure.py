"""Every error of the client means one of ours, and the names we know are names of the engine."""

from __future__ import annotations

import asyncio
import errno
import http.server
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import urllib3.exceptions
from clickhouse_connect.driver import exceptions

from schemas.errors import (
    CommitwireError,
    CorruptData,
    DataInUse,
    DiskFull,
    Misuse,
    Reject,
    Retry,
    Stop,
)
from streams.store.address import Address, parse
from streams.store.failure import failure, failures, first_line
from streams.store.kinds import KINDS
from streams.store.selection import query
from streams.store.store import Store
from tests.servers.clickhouse import ClickHouse, fresh_database
from tests.streams.store.memory import Memory, opened

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

SERVED = parse("clickhouse://app:secret@db/facts")
EMBEDDED = parse("chdb:///var/lib/store")


def subclasses(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(one for child in kind.__subclasses__() for one in subclasses(child))]


def made(kind: type[Exception]) -> Exception:
    told: tuple[str, ...] = () if kind is exceptions.StreamClosedError else ("told",)
    return kind(*told)


@pytest.mark.parametrize("kind", subclasses(exceptions.ClickHouseError))
@pytest.mark.parametrize("address", [SERVED, EMBEDDED])
def test_every_error_of_the_client_is_one_of_ours(kind: type[Exception], address: Address) -> None:
    judged = failure(made(kind), address)
    assert isinstance(judged, Retry | Reject | Stop)
    assert "secret" not in str(judged)


@pytest.mark.parametrize(
    ("error", "address", "kind"),
    [
        (exceptions.OperationalError("connection refused"), SERVED, Retry),
        (urllib3.exceptions.ProtocolError("reset"), SERVED, Retry),
        (ConnectionResetError("reset"), SERVED, Retry),
        (exceptions.DatabaseError("HTTP driver returned response code 503"), SERVED, Retry),
        (exceptions.DatabaseError("response code 404"), SERVED, Stop),
        (exceptions.DatabaseError("Code: 252. DB::Exception: Too many parts. (TOO_MANY_PARTS)"), EMBEDDED, Retry),
        (exceptions.DatabaseError("Code: 243. (NOT_ENOUGH_SPACE)"), EMBEDDED, DiskFull),
        (exceptions.DatabaseError("Code: 75. errno: 28, strerror: No space left on device"), EMBEDDED, DiskFull),
        (OSError(errno.ENOSPC, "full"), SERVED, DiskFull),
        (exceptions.ProgrammingError("Unable to open: Code: 76. Cannot lock file /a/status"), EMBEDDED, DataInUse),
        (exceptions.ProgrammingError("EmbeddedServer already initialized with path '/a'"), EMBEDDED, Misuse),
        (exceptions.ProgrammingError("Unable to open the chdb engine at '/a': (SYNTAX_ERROR)"), EMBEDDED, CorruptData),
        (exceptions.DatabaseError("Code: 40. (CHECKSUM_DOESNT_MATCH)"), EMBEDDED, CorruptData),
        (exceptions.DatabaseError("Code: 516. (AUTHENTICATION_FAILED)", code=516), SERVED, Misuse),
        (exceptions.DatabaseError("Code: 62. (SYNTAX_ERROR)", code=62), SERVED, Stop),
        (OverflowError("int too big"), EMBEDDED, Reject),
    ],
)
def test_what_to_do(error: Exception, address: Address, kind: type[CommitwireError]) -> None:
    assert type(failure(error, address)) is kind


@pytest.fixture(scope="module")
def on_server(clickhouse: ClickHouse) -> Iterator[Memory]:
    with opened(clickhouse.url(fresh_database())) as memory:
        yield memory


def asking(sql: str) -> Callable[[Client], Any]:
    return lambda client: query(client, sql)


@pytest.mark.parametrize("when", ["1", "number = 90000"], ids=["before the first row", "after many"])
def test_an_error_of_a_server_is_known_by_its_name(on_server: Memory, when: str) -> None:
    """The server itself makes each of them."""
    codes = dict(on_server.rows("SELECT errorCodeToName(number), number FROM numbers(1100)"))
    for name, kind in KINDS.items():
        sql = f"""SELECT throwIf({when}, 'told', toInt16({codes[name]})) FROM numbers(100000)
            SETTINGS allow_custom_error_code_in_throwif = 1, max_block_size = 10000"""
        with pytest.raises(CommitwireError) as caught:
            on_server.run(on_server.store._readers.run(asking(sql)))
        assert (name, type(caught.value)) == (name, kind)
        assert f"({name})" in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind"), [(429, Retry), (500, Retry), (502, Retry), (503, Retry), (504, Retry), (403, Stop), (404, Stop)]
)
def test_an_answer_of_something_else_than_clickhouse(status: int, kind: type[CommitwireError]) -> None:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"<html>the page of a proxy</html>\n<p>more</p>")

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        url = f"clickhouse://app:secret@127.0.0.1:{server.server_port}/facts"
        with pytest.raises(kind, match=f"{status}.*the page of a proxy") as caught, opened(url):
            pass
        server.shutdown()
        serving.join()
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_errors_of_ours_pass_unchanged() -> None:
    with pytest.raises(Retry, match=r"^mine$"), failures(SERVED):
        raise Retry("mine")


def test_the_first_line_has_no_code_and_no_version() -> None:
    told = "Code: 47. DB::Exception: Unknown identifier `x`. (UNKNOWN_IDENTIFIER) (version 26.9.2.1)\nstack"
    assert first_line(exceptions.DatabaseError(told)) == "Unknown identifier `x`. (UNKNOWN_IDENTIFIER)"
    told = "Received ClickHouse exception, code: 210, server response: Code: 210. DB::NetException: Refused (for url http://a)"
    assert first_line(exceptions.DatabaseError(told)) == "Refused"


def test_known_names_are_names_of_the_engine(memory: Memory) -> None:
    names = {name for (name,) in memory.rows("SELECT errorCodeToName(number) FROM numbers(1100)")}
    assert KINDS.keys() <= names


def test_an_engine_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chdb", None)
    with pytest.raises(Misuse, match="install chdb-core, or name a server"):
        asyncio.run(Store.open(f"chdb://{tmp_path}/store"))
