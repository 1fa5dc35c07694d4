"""The HTTP client below the vendor's. Loading it loads the vendor's, which takes a second."""

from __future__ import annotations

from typing import Any

import httpx2
from openai import DefaultAsyncHttpxClient

from agents.llm.wire import Transient

MOST_BYTES = 4_000_000  # of a body, decoded: far more than any answer needs
_OF_THE_BODY_AS_SENT = {"content-encoding", "content-length", "transfer-encoding"}


class BoundedClient(DefaultAsyncHttpxClient):
    """Reads no body beyond MOST_BYTES, that of an error neither, and follows no redirection."""

    def __init__(self) -> None:
        super().__init__(follow_redirects=False)

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """The answer with its body. Raises Transient when that is too long."""
        response = await super().send(request, **{**options, "stream": True})
        try:
            body = await _read(response)
        finally:
            await response.aclose()
        headers = [(k, v) for k, v in response.headers.multi_items() if k.lower() not in _OF_THE_BODY_AS_SENT]
        return httpx2.Response(response.status_code, headers=headers, content=body, request=request)


async def _read(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MOST_BYTES:
            raise Transient(f"the answer is longer than {MOST_BYTES // 1_000_000} MB")
    return bytes(body)
