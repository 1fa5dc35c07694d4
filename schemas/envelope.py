"""The wire form: CloudEvents 1.0 in binary mode. The body is the event's JSON, its attributes travel as headers.

Decoding an older version upcasts it; a newer one is rejected as TooNew, anything else unreadable as Undecodable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from schemas.complaint import complaints
from schemas.errors import TooNew, Undecodable
from schemas.model import Event
from schemas.topics import EVENTS

Headers = Mapping[str, bytes]
Upcast = Callable[[dict[str, Any]], dict[str, Any]]

# (event name, version) -> the body one version later
UPCASTS: dict[tuple[str, int], Upcast] = {}
_BY_NAME = {event.__name__: event for event in EVENTS}


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event as read from a topic, with the attributes of its envelope."""

    event: Event
    id: str
    source: str
    time: datetime


def encode(event: Event, *, source: str, time: datetime) -> tuple[bytes, bytes, dict[str, bytes]]:
    """Key, body and headers of one record. `source` names the part of the program that says it."""
    headers = {
        "ce_specversion": b"1.0",
        "ce_id": event.id.encode(),
        "ce_type": event.type_name().encode(),
        "ce_source": f"commitwire/{source}".encode(),
        "ce_time": time.isoformat().encode(),
        "content-type": b"application/json",
    }
    return event.key.encode("utf-8", "replace"), event.model_dump_json().encode(), headers


def decode(body: bytes | None, headers: Headers) -> Envelope:
    """The event in a record. Raises Undecodable or TooNew."""
    kind, version = _type(headers)
    try:
        if version < kind.schema_version:
            event = kind.model_validate(_upcast(kind.__name__, version, kind.schema_version, from_json(body or b"")))
        else:
            event = kind.model_validate_json(body or b"")
        time = datetime.fromisoformat(headers["ce_time"].decode())
        return Envelope(event, headers["ce_id"].decode(), headers["ce_source"].decode(), time)
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        raise Undecodable(f"this is no {kind.type_name()}: {_first_line(error)}") from error


def _type(headers: Headers) -> tuple[type[Event], int]:
    text = headers.get("ce_type", b"").decode("utf-8", "replace")
    product, _, rest = text.partition(".")
    name, _, version = rest.rpartition(".v")
    if product != "commitwire" or name not in _BY_NAME or not version.isascii() or not version.isdigit():
        raise Undecodable(f"the header ce_type says {text!r}, which is none of ours")
    kind = _BY_NAME[name]
    if int(version) > kind.schema_version:
        raise TooNew(f"{text} is newer than this program, which reads up to v{kind.schema_version}; upgrade it")
    return kind, int(version)


def _upcast(name: str, version: int, wanted: int, body: dict[str, Any]) -> dict[str, Any]:
    for step in range(version, wanted):
        body = UPCASTS[name, step](body)
    return body


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return complaints(error)[0].at("body")
    return str(error).split("\n")[0]
