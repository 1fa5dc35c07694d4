"""A command's side of the socket in a data directory: it asks the process that owns the directory."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from schemas import errors
from schemas.errors import CommitwireError, DataInUse, Retry, Stop
from streams import doorway
from streams.config import Settings
from streams.store.ledger import Debt
from streams.store.question import Table
from streams.store.store import Store
from streams.transports.record import NewRecord

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 3.0
WHO_SECONDS = 10.0
ANSWER_SECONDS = 150.0  # a question may take 120 seconds
_DEBTS = TypeAdapter(list[Debt])


class Visitor:
    """Asks the owner of `directory`. Each method raises what the owner answered with, or Retry when it did not."""

    def __init__(self, directory: Path, session: aiohttp.ClientSession) -> None:
        self._directory = directory
        self._session = session

    async def who(self) -> dict[str, str]:
        """The URLs of the broker and the store that are owned."""
        found: dict[str, str] = json.loads(await self._post("who", {}, WHO_SECONDS))
        return found

    async def select(self, sql: str) -> Table:
        """As Store.select, with fewer rows; instants and the like come as text."""
        columns, *rows = (json.loads(line) for line in (await self._post("select", {"sql": sql})).split(b"\n"))
        return Table(columns, [tuple(row) for row in rows])

    async def debts(self) -> list[Debt]:
        """What is owed, the oldest commits first."""
        return _DEBTS.validate_json(await self._post("debts", {}))

    async def pay(self) -> int:
        """Have everything asked for that is owed: how much that is. The answers come later."""
        return int(await self._post("pay", {}))

    async def forgive(self, shas: Sequence[str]) -> int:
        """Have the debts of these commits given up (none named: of all): how many. Reports are revised later."""
        return int(await self._post("forgive", {"shas": list(shas)}))

    async def put(self, records: Sequence[NewRecord]) -> None:
        """Have these records put on their topics together; they are durable on return."""
        await self._post("put", {"records": [_as_json(record) for record in records]})

    async def acknowledge(self, group: str, partition: int, offset: int) -> None:
        """Have it noted how far a subscriber has come with the reports."""
        await self._post("acknowledge", {"group": group, "partition": partition, "offset": offset})

    async def _post(self, what: str, said: dict[str, Any], seconds: float = ANSWER_SECONDS) -> bytes:
        import aiohttp  # a quarter of a second, of which most commands have no need

        limit = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)
        try:
            async with self._session.post(f"http://owner/{what}", json=said, timeout=limit) as response:
                body = await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Retry(f"the process that owns {self._directory} gave no answer ({error!r}); see its log") from error
        if response.status == 200:
            return body
        raise self._refusal(response.status, body)

    def _refusal(self, status: int, body: bytes) -> CommitwireError:
        if status != 400:
            return Stop(f"the process that owns {self._directory} failed (HTTP {status}); see its log")
        said = json.loads(body)
        kind: type[CommitwireError] = getattr(errors, said["error"])
        return kind(said["message"])


@asynccontextmanager
async def owner(settings: Settings) -> AsyncIterator[Visitor | None]:
    """The process that owns what these settings name, if there is one that answers."""
    async with AsyncExitStack() as stack:
        yield await _found(settings, stack)


async def _found(settings: Settings, stack: AsyncExitStack) -> Visitor | None:
    if not doorway.is_owned(settings) or not (settings.data / doorway.NAME).exists():
        return None
    import aiohttp

    short = stack.enter_context(doorway.reachable(settings.data))
    session = aiohttp.ClientSession(connector=aiohttp.UnixConnector(short))
    visitor = Visitor(settings.data, await stack.enter_async_context(session))
    try:
        owned = await visitor.who()
    except Retry:
        return None  # it was killed, or is about to end
    return visitor if owned == {"broker": settings.broker_url, "store": settings.store_url} else None


@asynccontextmanager
async def asked(settings: Settings) -> AsyncIterator[Store | Visitor]:
    """Whom to ask what is in the store: the process that owns it, or the store itself.

    Raises as Store.existing does; DataInUse when the owner is no process that answers.
    """
    async with owner(settings) as visitor:
        if visitor is not None:
            yield visitor
            return
        async with AsyncExitStack() as stack:
            try:
                store = await stack.enter_async_context(Store.existing(settings.store_url))
            except DataInUse as error:
                raise DataInUse(f"{error} (nobody answers at {settings.data / doorway.NAME})") from error
            yield store


def _as_json(record: NewRecord) -> dict[str, Any]:
    headers = {name: _base64(value) for name, value in record.headers.items()}
    return {
        "topic": record.partition.topic,
        "key": _base64(record.key),
        "value": _base64(record.value),
        "headers": headers,
    }


def _base64(value: bytes | None) -> str | None:
    return None if value is None else b64encode(value).decode()
