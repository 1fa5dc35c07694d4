"""A relay in front of a ClickHouse server: it sees inserts pass, lets something happen at one of them, cuts answers."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import Self

CHUNK = 256 * 1024
INSERT = b"Content-Type: application/octet-stream"  # in the head of a request: rows follow


class Moment(Enum):
    """When during an insert something happens; its connection is cut then."""

    BEFORE = "none of it has reached the server"
    HALFWAY = "a part of its rows has reached the server"
    UNANSWERED = "the server has stored it, and its answer is lost"


class Proxy:
    """Relays connections to `port` of loopback; what clients see is TLS when there is a context for it.

    `cut_at`: the next answer that comes in larger pieces ends after so many bytes. Use it as a context manager.
    """

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.inserts = 0
        self.cut_at: int | None = None
        self._target = port
        self._tls = tls
        self._strikes: dict[int, tuple[Moment, Callable[[], None]]] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._accepting = threading.Thread(target=self._accept)
        self._relaying: list[threading.Thread] = []
        self._open: list[socket.socket] = []

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def strike(self, at: int, moment: Moment, blow: Callable[[], None]) -> None:
        """Call `blow` at the insert of this number, from 1 on, among those that are still to come."""
        self._strikes[self.inserts + at] = (moment, blow)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # a closed listener would keep its thread waiting
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        for one in self._open:
            cut(one)
        for thread in self._relaying:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            self._spawn(self._serve, client)

    def _spawn(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._relaying.append(thread)
        thread.start()

    def _serve(self, client: socket.socket) -> None:
        try:
            taken = self._tls.wrap_socket(client, server_side=True) if self._tls else client
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            client.close()
            return
        for one in (taken, server):  # small pieces go at once
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        relay = _Relay(self, taken, server)
        self._open += [taken, server]
        self._spawn(relay.answers)
        relay.requests()

    def passing(self) -> tuple[Moment, Callable[[], None]] | None:
        """Count an insert; what is to happen at it."""
        self.inserts += 1
        return self._strikes.pop(self.inserts, None)


class _Relay:
    """One connection, in two threads."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._due: tuple[Moment, Callable[[], None]] | None = None

    def requests(self) -> None:
        """From the client to the server."""
        with suppress(OSError):
            while data := self._client.recv(CHUNK):
                begun = INSERT in data
                if begun:
                    self._due = self._proxy.passing()
                if self._due is not None and self._struck(data, begun):
                    break
                self._server.sendall(data)
        self._cut()

    def _struck(self, data: bytes, begun: bool) -> bool:
        """Whether it has happened before all of the data reached the server."""
        assert self._due is not None
        moment, blow = self._due
        if moment is Moment.UNANSWERED or (moment is Moment.HALFWAY and begun):
            return False
        if moment is Moment.HALFWAY:
            self._server.sendall(data[: len(data) // 2])
        blow()
        return True

    def answers(self) -> None:
        """From the server to the client."""
        with suppress(OSError):
            while data := self._server.recv(CHUNK):
                if self._due is not None:
                    self._due[1]()
                    break
                self._client.sendall(data[: self._proxy.cut_at])
                if self._proxy.cut_at is not None and len(data) > self._proxy.cut_at:
                    self._proxy.cut_at = None
                    break
        self._cut()

    def _cut(self) -> None:
        cut(self._client)
        cut(self._server)


def cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
