"""Chat completions of any OpenAI-compatible endpoint. The one place that knows the vendor's client and its errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from agents.llm.formats import Format, messages, response_format
from agents.llm.limits import read_limits
from agents.llm.port import Question
from agents.llm.reply import RawReply, read_reply
from agents.llm.secret import one_line, without_key
from agents.llm.settings import EndpointSettings
from agents.llm.status import redirected, wire_error
from agents.llm.wire import Denied, Rejected, Transient, Unsupported, WireError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_CONNECT_SECONDS = 10.0
_TEMPERATURE = 0.2
_NO_KEY = "none"  # the client insists on one, and would take that of the environment
_MOST_ADJUSTMENTS = 3
_LONGEST_NAME = 200  # of a model


class OpenAI:
    """One endpoint through the `openai` package. Raises wire errors only, their messages free of keys.

    What the endpoint does not support (`max_tokens`, the temperature) is left out from the first complaint on.
    """

    def __init__(self, settings: EndpointSettings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._client: AsyncOpenAI | None = None
        self._tokens_field = "max_tokens"
        self._most_tokens: int | None = None
        self._temperature = True

    def open(self) -> None:
        """Load the vendor's client, which takes a second: before a request counts as sent."""
        _ = self._opened().chat.completions.with_raw_response

    async def complete(self, question: Question, model: str, format: Format) -> RawReply:
        """Ask once, but for what the endpoint does not support."""
        for _ in range(_MOST_ADJUSTMENTS):
            fields = self._fields(question, model, format)
            try:
                return await self._post(fields)
            except Unsupported as error:
                if not self._adjust(error, fields):
                    raise Rejected(error.message) from None
        raise Rejected("the endpoint refuses one parameter after the other")

    async def first_model(self) -> str:
        """The first model that the endpoint lists."""
        body, _ = await self._exchange(lambda client: client.models.with_raw_response.list())
        listed = body.get("data") if isinstance(body, dict) else None
        if not isinstance(listed, list):
            raise Transient("no list of models in the answer")
        names = [m["id"] for m in listed if isinstance(m, dict) and isinstance(m.get("id"), str) and m["id"]]
        if not names:
            raise Denied("the endpoint lists no model: name one in the configuration")
        first: str = names[0]
        if len(first) > _LONGEST_NAME or not first.isprintable() or without_key(first, self._settings.key) != first:
            raise Denied("the first model that the endpoint lists has no usable name: name one in the configuration")
        return first

    async def close(self) -> None:
        """Close the connections. The next question opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _fields(self, question: Question, model: str, format: Format) -> dict[str, Any]:
        most = min(question.answer_tokens, self._most_tokens or question.answer_tokens)
        fields: dict[str, Any] = {"model": model, "messages": messages(question, format), self._tokens_field: most}
        if self._temperature:
            fields["temperature"] = _TEMPERATURE
        wanted = response_format(question, format)
        return fields if wanted is None else {**fields, "response_format": wanted}

    def _adjust(self, error: Unsupported, fields: dict[str, Any]) -> bool:
        """Learn from a complaint. Would the next request differ from the one with these fields?"""
        if error.parameter == "temperature":
            self._temperature = False
            return "temperature" in fields
        if error.limit is not None:
            self._most_tokens = error.limit
            return error.limit < int(fields.get(error.parameter, 0))
        if error.parameter != "max_tokens":
            return False
        self._tokens_field = "max_completion_tokens"
        return "max_tokens" in fields

    async def _post(self, fields: dict[str, Any]) -> RawReply:
        body, headers = await self._exchange(lambda client: client.chat.completions.with_raw_response.create(**fields))
        reply = read_reply(body, read_limits(headers), self._line)
        key = self._settings.key
        return replace(reply, text=without_key(reply.text, key), refusal=without_key(reply.refusal, key))

    async def _exchange(self, call: Callable[[AsyncOpenAI], Awaitable[Any]]) -> tuple[object, Mapping[str, str]]:
        """The body, decoded, and the headers of one answer."""
        client = self._opened()
        try:
            # the client's own limits are for each read: a body that trickles in would never end
            async with asyncio.timeout(self._settings.timeout_seconds):
                raw = await call(client)
        except Exception as error:
            wire = self._translate(error)
            if wire is None:
                raise
        else:
            try:
                return json.loads(raw.content), raw.headers
            except (ValueError, RecursionError):
                wire = Transient("the answer is not JSON")
        # here, not above: the vendor's error, which may show the key, must not hang on ours
        raise wire

    def _translate(self, error: Exception) -> WireError | None:
        """The wire error that an error of the client is; None for what does not come from the wire."""
        import openai

        match error:
            case openai.APIStatusError():
                response = error.response
                if 300 <= response.status_code < 400:
                    location = response.headers.get("location", "")
                    return Denied(self._line(redirected(str(response.request.url), location)))
                return wire_error(response.status_code, response.headers, response.text, self._now(), self._line)
            case openai.APITimeoutError() | TimeoutError():
                return Transient(f"no answer within {self._settings.timeout_seconds:g} seconds")
            case openai.APIConnectionError(__cause__=WireError() as cause):
                return Transient(cause.message)
            case openai.APIConnectionError():
                return Transient(self._line(f"no connection: {error.__cause__ or error}"))
            case openai.APIError():
                return Transient(self._line(f"not a chat completion: {error}"))
            case openai.OpenAIError():
                return Denied(self._line(str(error)))
            case OSError():
                return Transient(self._line(f"no connection: {error}"))
            case _:
                return None

    def _line(self, text: str) -> str:
        return one_line(text, self._settings.key)

    def _opened(self) -> AsyncOpenAI:
        if self._client is None:
            # takes a second, and most commands ask no model
            from openai import AsyncOpenAI, Timeout

            from agents.llm.bounded import BoundedClient

            self._client = AsyncOpenAI(
                api_key=self._settings.key.get_secret_value() or _NO_KEY,
                base_url=self._settings.url,
                max_retries=0,
                timeout=Timeout(self._settings.timeout_seconds, connect=_CONNECT_SECONDS),
                http_client=BoundedClient(),
            )
            # the environment's are meant for another endpoint, perhaps
            self._client.organization = self._client.project = None
        return self._client
