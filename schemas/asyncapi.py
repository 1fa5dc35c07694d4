"""The topics as an AsyncAPI 3.0 document: addresses, who says and who reads, keys, headers, bodies, how long they stay.

Bodies are Schema Objects of AsyncAPI, which JSON Schema draft 7 is the base of; they use nothing beyond that draft.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from pydantic.json_schema import models_json_schema

from schemas.envelope import encode
from schemas.examples import EXAMPLES
from schemas.model import Event
from schemas.topics import (
    ANALYSES,
    COMMITS,
    DELIVERIES,
    EVENTS,
    REPORTS,
    REQUESTS,
    SCORES,
    SEALS,
    TOPICS,
    WINDOWS,
    Topic,
)

# Each is a group of consumers of its own; subscribers are others.
READERS: dict[str, tuple[Topic, ...]] = {
    "analyzers": (COMMITS,),
    "scorers": (ANALYSES,),
    "models": (REQUESTS,),
    "store": (COMMITS, ANALYSES, SCORES, SEALS, DELIVERIES),
    "windows": (WINDOWS,),
    "deliveries": (REPORTS,),
}

_ABOUT = """Commits of Git repositories, what is thought of them, and a report a day.

An address begins with the namespace of the broker's URL, which is `commitwire` unless it names another one. Delivery is
at least once: a repetition has the same `ce_id`. Records with the same key are on the same partition, in order. A type
ends with its version; `ce_type` says which one a record is of."""
_KAFKA = {"bindingVersion": "0.5.0"}
_SCHEMAS = "#/components/schemas/{model}"
_SAID_AT = datetime(2026, 2, 12, 0, 5, 1, tzinfo=UTC)


def document(*, partitions: int, replicas: int, largest: int) -> dict[str, Any]:
    """The whole document. `largest` is the limit of a record in bytes; sizes are those of topics yet to be made."""
    size = {"partitions": partitions, "replicas": replicas}
    _, bodies = models_json_schema([(event, "validation") for event in EVENTS], ref_template=_SCHEMAS)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Commitwire",
            "version": version("commitwire"),
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_channel(topic): _described(topic, size, largest) for topic in TOPICS},
        "operations": {**_said(), **_read()},
        "components": {
            "messages": {event.__name__: _message(event) for event in EVENTS},
            "schemas": bodies["$defs"],
        },
    }


def _channel(topic: Topic) -> str:
    return topic.name.removeprefix("commitwire.")


def _described(topic: Topic, size: dict[str, int], largest: int) -> dict[str, Any]:
    kept = (
        "the last record of each key" if topic.compacted else f"{topic.retention.days} days" if topic.retention else ""
    )
    return {
        "address": topic.name,
        "description": f"{_summary(topic.event)} {_by(topic)} Kept: {kept or 'for ever'}.",
        "messages": {topic.event.__name__: {"$ref": f"#/components/messages/{topic.event.__name__}"}},
        "bindings": {"kafka": {**size, "topicConfiguration": _configuration(topic, largest), **_KAFKA}},
    }


def _configuration(topic: Topic, largest: int) -> dict[str, Any]:
    milliseconds = int(topic.retention.total_seconds() * 1000) if topic.retention else -1
    return {
        "cleanup.policy": ["compact" if topic.compacted else "delete"],
        "retention.ms": milliseconds,
        "max.message.bytes": largest,
    }


def _said() -> dict[str, Any]:
    return {f"say-{_channel(topic)}": {**_operation("send", topic), "summary": _by(topic)} for topic in TOPICS}


def _by(topic: Topic) -> str:
    return f"Said by {', '.join(topic.said_by)}."


def _read() -> dict[str, Any]:
    return {
        f"read-{_channel(topic)}-by-{stage}": {
            **_operation("receive", topic),
            "summary": f"Read by the stage {stage}.",
            "bindings": {"kafka": {"groupId": {"type": "string", "enum": [f"commitwire.{stage}"]}, **_KAFKA}},
        }
        for stage, topics in READERS.items()
        for topic in topics
    }


def _operation(action: str, topic: Topic) -> dict[str, Any]:
    channel = f"#/channels/{_channel(topic)}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{topic.event.__name__}"}],
    }


def _message(event: type[Event]) -> dict[str, Any]:
    example = EXAMPLES[event]
    key, _, headers = encode(example, source="example", time=_SAID_AT)
    named = {name: value.decode() for name, value in headers.items()}
    return {
        "name": event.type_name(),
        "title": event.__name__,
        "summary": _summary(event),
        "contentType": "application/json",
        "headers": _headers(event),
        "payload": {"$ref": _SCHEMAS.format(model=event.__name__)},
        "bindings": {"kafka": {"key": {"type": "string", "examples": [key.decode()]}, **_KAFKA}},
        "examples": [{"headers": named, "payload": example.model_dump(mode="json")}],
    }


def _headers(event: type[Event]) -> dict[str, Any]:
    """CloudEvents 1.0 in binary mode."""
    properties: dict[str, Any] = {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "The same in every repetition."},
        "ce_type": {"type": "string", "const": event.type_name()},
        "ce_source": {
            "type": "string",
            "pattern": "^commitwire/",
            "description": "The part of the program that says it.",
        },
        "ce_time": {"type": "string", "format": "date-time", "description": "When it was said."},
        "content-type": {"type": "string", "const": "application/json"},
    }
    required = list(properties)
    properties["ce_traceparent"] = {
        "type": "string",
        "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}",
        "description": "The trace it belongs to, as W3C Trace Context writes it; only where spans are collected.",
    }
    return {"type": "object", "properties": properties, "required": required}


def _summary(event: type[Event]) -> str:
    return (event.__doc__ or event.__name__).strip().partition("\n\n")[0]
