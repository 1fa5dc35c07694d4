"""Connections to a listener: so many at once, and no more."""

from __future__ import annotations

import asyncio

from aiohttp import web

CONNECTIONS = 64  # at once; more are closed without an answer


class Door:
    """Makes the protocol of each connection, as long as there are not too many."""

    def __init__(self, runner: web.AppRunner) -> None:
        assert runner.server is not None
        self._server = runner.server

    def __call__(self) -> asyncio.Protocol:
        return self._server() if len(self._server.connections) < CONNECTIONS else Refusal()


class Refusal(asyncio.Protocol):
    """Closes the connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
