"""What a long-running process answers over HTTP: whether it lives, whether it is ready, what it measured."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import Self

from aiohttp import web

from schemas.errors import Misuse
from streams.door import Door
from streams.health import Check
from streams.listening import host_and_port
from streams.logs import without_secrets
from streams.metrics import Metrics

CHECK_SECONDS = 3.0  # for the answer of a check
WORDS = 300  # characters of why a check fails
HEALTH = ("/livez", "/readyz")
_log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Listener:
    """Serves /livez (200 while `alive` holds), /readyz (200 while `ready` holds) and /metrics.

    The event loop of the process answers: while it is stuck, nothing does. A token, which is needed wherever other
    machines can connect, is asked of everybody who wants more than the health. Port 0 means any that is free.
    """

    def __init__(
        self, host: str, port: int, token: str, metrics: Metrics, ready: Sequence[Check], alive: Sequence[Check] = ()
    ) -> None:
        """Raises Misuse when other machines could connect and there is no token."""
        if not token and not _is_loopback(host):
            raise Misuse(
                f"listen: {host or 'all addresses'} can be reached from other machines; set listen_token"
                " (COMMITWIRE_LISTEN_TOKEN), or listen on 127.0.0.1"
            )
        self._host, self._port, self._token = host, port, token
        self._metrics = metrics
        self._checks = dict(zip(HEALTH, (Questions(alive), Questions(ready)), strict=True))
        self._door: Door | None = None

    @property
    def url(self) -> str:
        """Where it listens, once it does."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @classmethod
    def at(cls, listen: str, token: str, metrics: Metrics, ready: Sequence[Check], alive: Sequence[Check]) -> Self:
        """`listen` is HOST:PORT. Raises Misuse for anything else, and as the constructor does."""
        try:
            host, port = host_and_port(listen)
        except ValueError as error:
            raise Misuse(f"--listen: {error}") from error  # that of the configuration was checked as it was read
        return cls(host, port, token, metrics, ready, alive)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Returns when connections are accepted. Raises Misuse when the address cannot be used."""
        door = Door(self._application())
        try:
            self._port = await door.open(host=self._host or None, port=self._port)
        except (OSError, UnicodeError) as error:  # the latter for a host that cannot be a name
            why = error.strerror if isinstance(error, OSError) else error
            raise Misuse(f"listen: {self.url} cannot be used: {why}; choose another address") from error
        self._door = door
        _log.info("listening on %s", self.url)

    async def stop(self) -> None:
        """Answer nobody any more, and ask nothing. May be called again."""
        door, self._door = self._door, None
        if door is not None:
            await door.close()
        for questions in self._checks.values():
            await questions.stop()
        await self._metrics.stop()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._admit])
        for path in HEALTH:
            application.router.add_get(path, self._health)
        application.router.add_get("/metrics", self._page)
        return application

    @web.middleware
    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in HEALTH and not self._is_known(request.headers.get("Authorization", "")):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"}, text="a token is needed\n")
        return await handler(request)

    def _is_known(self, said: str) -> bool:
        wanted = f"Bearer {self._token}"
        return not self._token or hmac.compare_digest(said.encode("utf-8", "replace"), wanted.encode())

    async def _health(self, request: web.Request) -> web.Response:
        failing = await self._checks[request.path].failing()
        told = {"ok": not failing, "failing": failing}
        return web.json_response(told, status=503 if failing else 200, headers={"Cache-Control": "no-store"})

    async def _page(self, request: web.Request) -> web.Response:
        page, content_type = await self._metrics.page(request.headers.get("Accept", ""))
        return web.Response(body=page, headers={"Content-Type": content_type})


class Questions:
    """Checks that are asked all at once, and once only for all who want to know at the same time."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = checks
        self._asking: asyncio.Task[dict[str, str]] | None = None

    async def failing(self) -> dict[str, str]:
        """Why, for each check that does not hold."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def stop(self) -> None:
        """Wait for no answer any longer."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self) -> dict[str, str]:
        reasons = await asyncio.gather(*map(_reason, self._checks))
        return {check.name: why for check, why in zip(self._checks, reasons, strict=True) if why}


async def _reason(check: Check) -> str:
    """Why the check does not hold; "" when it does."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check.ask()
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS:g} s"
    except Exception as error:
        return without_secrets(str(error) or type(error).__name__)[:WORDS]
    return ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
