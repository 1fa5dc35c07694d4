"""What is configured of an endpoint."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, SecretStr, field_validator

from agents.llm.secret import masked_path, without_key
from schemas.model import Frozen


class EndpointSettings(Frozen):
    """An OpenAI-compatible endpoint. No model: the first one that the endpoint lists.

    Prices are for a million tokens, in the currency of the budget. `attempts` bounds the requests that one question
    makes, refusals for the rate apart; `patience_seconds` bounds the waits that errors and refusals ask for.
    """

    # a key in the wrong place must not be shown by the error about it
    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(description="Where it is, up to and with `/v1`.")
    key: SecretStr = Field(default=SecretStr(""), description="Its key; `${NAME}` takes it from the environment.")
    model: str = Field(default="", description="The model to ask (default: `model`, else the first that it lists).")
    name: str = Field(
        default="", description="How events, the ledger and the report call it (default: host and path of the URL)."
    )
    rpm: int | None = Field(
        default=None, gt=0, description="Requests per minute at most (default: learned from its headers and refusals)."
    )
    timeout_seconds: float = Field(default=120.0, gt=0, description="How long one request may take, in seconds.")
    patience_seconds: float = Field(
        default=180.0, ge=0, description="How long errors and refusals may make one question wait in all, in seconds."
    )
    attempts: int = Field(
        default=5, gt=0, description="Requests that one question makes at most, refusals for the rate apart."
    )
    input_price: float = Field(default=0.0, ge=0, description="What a million tokens of questions cost.")
    output_price: float = Field(default=0.0, ge=0, description="What a million tokens of answers cost.")

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
        return self.name or parts.netloc + masked_path(without_key(parts.path, self.key))

    @property
    def longest_seconds(self) -> float:
        """How long one question may take at most: all its attempts, and all its patience."""
        return self.attempts * self.timeout_seconds + self.patience_seconds

    @property
    def fingerprint(self) -> str:
        """Differs when the URL, the key or the model does. Twelve digits, from which no key can be had."""
        told = "\n".join((self.url, self.key.get_secret_value(), self.model))
        return sha256(told.encode("utf-8", "replace")).hexdigest()[:12]
