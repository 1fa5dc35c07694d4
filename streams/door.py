"""What lets people in to an application: so many connections at once, and none that stays idle."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

CONNECTIONS = 64  # at once; more are closed without an answer
IDLE_SECONDS = 10.0  # until a connection without a whole request is closed
LINE_BYTES = 4096  # of a line of a request's head


class Door:
    """Connections to an application."""

    def __init__(self, application: web.Application) -> None:
        self._runner = web.AppRunner(
            application,
            access_log=None,
            handle_signals=False,
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=1.0,
            shutdown_timeout=1.0,
            max_line_size=LINE_BYTES,
            max_field_size=LINE_BYTES,
        )

    async def open(self, **place: Any) -> int:
        """Accept connections at a place (arguments of loop.create_server); its port, if it has one. Raises OSError."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        try:
            self._listening = await loop.create_server(self._connection, backlog=CONNECTIONS, **place)
        except OSError:
            await self._runner.cleanup()
            raise
        name = self._listening.sockets[0].getsockname()
        return int(name[1]) if isinstance(name, tuple) else 0

    async def close(self) -> None:
        """Answer nobody any more."""
        self._listening.close()
        await self._runner.cleanup()

    def _connection(self) -> asyncio.Protocol:
        server = self._runner.server
        assert server is not None  # it was set up
        return server() if len(server.connections) < CONNECTIONS else Refusal()


class Refusal(asyncio.Protocol):
    """Closes the connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
