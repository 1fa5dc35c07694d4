"""Which endpoints are asked: those that the configuration or the environment names, and none by accident."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pydantic import ValidationError

from agents.llm.settings import EndpointSettings
from schemas.complaint import complaints
from schemas.errors import Misuse
from streams.config import Settings

OPENAI = "https://api.openai.com/v1"
HINT = "OPENAI_API_KEY is set, but no model is asked unless --llm, `llm = true` or OPENAI_BASE_URL says so"


def endpoints(settings: Settings, environ: Mapping[str, str] = os.environ) -> tuple[EndpointSettings, ...]:
    """The endpoints in the order of preference; none when no model is to be used.

    A key alone earns only a hint: private code must not leave because a variable happened to be set. Raises Misuse when
    a model is wanted and nothing says where it is.
    """
    if settings.llm is False:
        return ()
    if settings.endpoints:
        return tuple(_with_model(endpoint, settings) for endpoint in settings.endpoints)
    url, key = environ.get("OPENAI_BASE_URL", ""), environ.get("OPENAI_API_KEY", "")
    if url or (settings.llm and key):
        return (_with_model(_from_environment(url or OPENAI, key), settings),)
    if settings.llm:
        raise Misuse("a model is wanted, but nothing says where; set OPENAI_BASE_URL, or configure [[endpoints]]")
    return ()


def hint(settings: Settings, environ: Mapping[str, str] = os.environ) -> str | None:
    """What to tell a user who has a key and may expect that it is used."""
    unused = settings.llm is None and not endpoints(settings, environ)
    return HINT if unused and environ.get("OPENAI_API_KEY") else None


def _with_model(endpoint: EndpointSettings, settings: Settings) -> EndpointSettings:
    return endpoint.model_copy(update={"model": endpoint.model or settings.model})


def _from_environment(url: str, key: str) -> EndpointSettings:
    try:
        return EndpointSettings.model_validate({"url": url, "key": key})
    except ValidationError as error:
        first = complaints(error)[0]
        variable = "OPENAI_API_KEY" if first.path == ("key",) else "OPENAI_BASE_URL"
        raise Misuse(f"the variable {variable}: {first.message}") from None
