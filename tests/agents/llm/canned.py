"""A server that says what a test tells it to, byte for byte, and keeps what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

GOOD = {
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": '{"summary": "s"}'}}],
    "usage": {"prompt_tokens": 11, "completion_tokens": 5},
}
_THINKING_SECONDS = 0.02


@dataclass
class Canned:
    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)  # "asked" and "answered" in turn


def answer(status: int, body: object = None, **headers: str) -> bytes:
    """An HTTP answer; `body` is JSON unless it is a string already. Names of headers are written with underscores."""
    text = (body if isinstance(body, str) else json.dumps(body)).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(text)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += [] if "content_type" in headers else ["Content-Type: application/json"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + text


def complaint(status: int, message: str, code: str = "", param: str = "", **headers: str) -> bytes:
    """An error as OpenAI words it."""
    return answer(status, {"error": {"message": message, "code": code, "param": param, "type": ""}}, **headers)


@asynccontextmanager
async def canned(answers: Sequence[bytes]) -> AsyncIterator[Canned]:
    """Serve the answers in turn; the last one again and again."""
    server_state = Canned()
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lengths = [line.split(":")[1] for line in head.lower().splitlines() if line.startswith("content-length:")]
        body = await reader.readexactly(int(lengths[0])) if lengths else b"{}"
        server_state.heads.append(head)
        server_state.bodies.append(json.loads(body))
        server_state.happened.append("asked")
        # long enough for others that do not wait to be seen
        await asyncio.sleep(_THINKING_SECONDS)
        server_state.happened.append("answered")
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    server_state.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield server_state
    finally:
        server.close()
        await server.wait_closed()
