"""Where the owner of a data directory answers the commands of its user, over the socket in that directory.

POST with a JSON object; the answer is JSON. What a command did wrong is answered with 400 and the error's class and
sentence, so that it ends as it would have ended without an owner.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web
from pydantic import Base64Bytes, BaseModel, Field, ValidationError

from schemas.errors import CommitwireError, Misuse
from schemas.topics import REPORTS, TOPICS
from streams import doorway
from streams.cell import text
from streams.config import Settings
from streams.debts import chosen, forgive, pay
from streams.door import Door
from streams.flow import Flow
from streams.store.question import Table
from streams.store.store import Store
from streams.subscription import GROUP_PATTERN, group_of
from streams.transports.record import NewRecord, Partition

LARGEST_REQUEST = 16 * 2**20  # bytes: a record of 8 MB has room
LARGEST_ANSWER = 64 * 2**20  # bytes
MOST_ROWS = 100_000  # of an answer
TOPIC_NAMES = tuple(topic.name for topic in TOPICS)
_log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Question(BaseModel):
    sql: str


class Chosen(BaseModel):
    """Commits by the beginnings of their shas; none means all."""

    shas: list[str]


class Put(BaseModel):
    """A record as it is; bytes are in base64."""

    topic: Literal[TOPIC_NAMES]  # type: ignore[valid-type]
    key: Base64Bytes | None
    value: Base64Bytes | None
    headers: dict[str, Base64Bytes]

    def record(self) -> NewRecord:
        return NewRecord(Partition(self.topic, 0), self.key, self.value, self.headers)


class Puts(BaseModel):
    records: list[Put]


class Reached(BaseModel):
    """How far a subscriber has come: `offset` is the next that it would read."""

    group: str = Field(pattern=GROUP_PATTERN)
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)


@dataclass
class Office:
    """Open within `async with`. `pays` says whether debts are paid for others, by a model, as the process goes on."""

    settings: Settings
    store: Store
    flow: Flow
    pays: bool
    _door: Door | None = field(default=None, init=False)
    _paying: asyncio.Task[None] | None = field(default=None, init=False)

    async def __aenter__(self) -> Office:
        """Where there can be no socket, the work goes on without, and commands have to wait."""
        if doorway.is_owned(self.settings):
            try:
                await self._listen()
            except (Misuse, OSError) as error:
                _log.warning("no command can ask this process: %s", error)
        return self

    async def _listen(self) -> None:
        made, door = doorway.bound(self.settings.data), Door(self._application())
        try:
            await door.open(sock=made)
        except OSError:
            made.close()
            doorway.unbind(self.settings.data)
            raise
        self._door = door

    async def __aexit__(self, *_: object) -> None:
        if self._door is None:
            return
        doorway.unbind(self.settings.data)
        await self._door.close()
        if self._paying is not None:
            self._paying.cancel()
            await asyncio.gather(self._paying, return_exceptions=True)

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[_answer_errors], client_max_size=LARGEST_REQUEST)
        for name in ("who", "select", "debts", "pay", "forgive", "put", "acknowledge"):
            application.router.add_post(f"/{name}", getattr(self, f"_{name}"))
        return application

    async def _who(self, _request: web.Request) -> web.Response:
        """What is owned, so that nobody with other settings takes it for theirs."""
        return web.json_response({"broker": self.settings.broker_url, "store": self.settings.store_url})

    async def _select(self, request: web.Request) -> web.Response:
        sql = Question.model_validate_json(await request.read()).sql
        table = await self.store.select(sql, limit_rows=MOST_ROWS + 1)
        if len(table.rows) > MOST_ROWS:
            raise Misuse(f"the answer has more than {MOST_ROWS:,} rows; add a LIMIT or aggregate, or ask when it rests")
        return web.Response(body=await asyncio.to_thread(_lines, table))

    async def _debts(self, _request: web.Request) -> web.Response:
        return web.json_response(await self.store.debts(), dumps=_dumped)

    async def _pay(self, _request: web.Request) -> web.Response:
        """Asking for many takes long: it goes on when this was answered."""
        if not self.pays:
            raise Misuse("debts are paid by a model, and the process that owns this directory asks none for others")
        debts = await self.store.debts()
        if self._paying is None or self._paying.done():
            self._paying = asyncio.create_task(pay(self.flow, debts))
        return web.json_response(len(debts))

    async def _forgive(self, request: web.Request) -> web.Response:
        shas = Chosen.model_validate_json(await request.read()).shas
        debts = chosen(await self.store.debts(), shas)
        await forgive(self.flow, self.store, debts)
        return web.json_response(len(debts))

    async def _put(self, request: web.Request) -> web.Response:
        puts = Puts.model_validate_json(await request.read())
        await self.flow.put([put.record() for put in puts.records])
        return web.json_response(None)

    async def _acknowledge(self, request: web.Request) -> web.Response:
        reached = Reached.model_validate_json(await request.read())
        place = Partition(REPORTS.name, reached.partition)
        await self.flow.note(group_of(reached.group), {place: reached.offset})
        return web.json_response(None)


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except CommitwireError as error:
        return web.json_response({"error": type(error).__name__, "message": str(error)}, status=400)
    except ValidationError as error:
        return web.json_response({"error": "Misuse", "message": f"this is no request: {error}"}, status=400)


def _lines(table: Table) -> bytes:
    """The names of the columns in the first line, then a line for each row."""
    lines, size = [], 0
    for values in (table.columns, *table.rows):
        lines.append(_dumped(values).encode())
        size += len(lines[-1])
        if size > LARGEST_ANSWER:
            raise Misuse(f"the answer has more than {LARGEST_ANSWER >> 20} MB; select less, or ask when it rests")
    return b"\n".join(lines)


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=text)
