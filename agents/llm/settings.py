"""What is configured of an endpoint."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, SecretStr, field_validator

from schemas.model import Frozen


class EndpointSettings(Frozen):
    """An OpenAI-compatible endpoint. No model: the first one that the endpoint lists.

    Prices are for a million tokens, in the currency of the budget. `attempts` bounds the requests that one question
    makes, refusals for the rate apart; `patience_seconds` bounds the waits that errors and refusals ask for.
    """

    # a key in the wrong place must not be shown by the error about it
    model_config = ConfigDict(hide_input_in_errors=True)

    url: str
    key: SecretStr = SecretStr("")
    model: str = ""
    name: str = ""
    rpm: Annotated[int, Field(gt=0)] | None = None
    timeout_seconds: Annotated[float, Field(gt=0)] = 120.0
    patience_seconds: Annotated[float, Field(ge=0)] = 180.0
    attempts: Annotated[int, Field(gt=0)] = 5
    input_price: Annotated[float, Field(ge=0)] = 0.0
    output_price: Annotated[float, Field(ge=0)] = 0.0

    @field_validator("url")
    @classmethod
    def _base_url(cls, url: str) -> str:
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                "the URL of an endpoint must begin with http:// or https://, such as http://localhost:8000/v1"
            )
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError(
                "the URL of an endpoint must hold no user, password, query or fragment; give the key as key"
            )
        return url.strip().rstrip("/")

    @field_validator("key")
    @classmethod
    def _sendable(cls, key: SecretStr) -> SecretStr:
        text = key.get_secret_value().strip()
        if not (text.isascii() and text.isprintable()) or " " in text:
            raise ValueError("the key of an endpoint must be printable ASCII without spaces")
        return SecretStr(text)

    @property
    def label(self) -> str:
        """How the endpoint is called in events and in the record: its name, or host and path of its URL."""
        parts = urlsplit(self.url)
        return self.name or parts.netloc + parts.path
