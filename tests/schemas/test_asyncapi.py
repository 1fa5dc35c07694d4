"""The AsyncAPI document is one, and what it promises of the topics is what travels on them.

asyncapi-3.0.0.json beside this file says in its first line whose it is, its licence, and what was left out of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from functools import cache
from inspect import signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, ValidationError
from pydantic import AwareDatetime

from schemas.analyses import Facts
from schemas.asyncapi import READERS, document
from schemas.commits import Brought
from schemas.definition import Definition
from schemas.envelope import decode, encode
from schemas.examples import EXAMPLES
from schemas.model import Event
from schemas.phrase import Code, Phrase
from schemas.seals import LateArrival
from schemas.sha import Sha
from schemas.topics import EVENTS, TOPIC_OF, TOPICS
from streams.pipeline import Pipeline
from streams.tracing import HEADER
from tests.samples import AFTER

DOCUMENT = document(partitions=12, replicas=3, largest=8 * 2**20)
RULES = json.loads((Path(__file__).parent / "asyncapi-3.0.0.json").read_text())

st.register_type_strategy(float, st.floats(0, 1e9))  # JSON has no infinity
st.register_type_strategy(AwareDatetime, st.datetimes(timezones=st.just(UTC)))
st.register_type_strategy(Definition, st.builds(Definition, name=st.from_regex(r"[A-Za-z0-9_]{1,64}", fullmatch=True)))
ARGUMENTS = st.dictionaries(st.text(max_size=5), st.text() | st.integers() | st.tuples(st.text()), max_size=3)
st.register_type_strategy(Phrase, st.builds(Phrase, code=st.sampled_from(Code), args=ARGUMENTS))

SHAS = st.from_regex(r"[0-9A-Za-z]+", fullmatch=True)
GIVEN: dict[Any, Any] = {Sha: SHAS, tuple[Sha, ...]: st.lists(SHAS).map(tuple)}


def any_of(model: type[Any]) -> st.SearchStrategy[Any]:
    """Any object of the model. Hypothesis knows no patterns, and no defaults that are made: each value is given."""
    hints = get_type_hints(model, include_extras=True)
    return st.builds(model, **{name: GIVEN.get(hints[name], ...) for name in signature(model).parameters})


for model in (Brought, LateArrival, Facts, *EVENTS):
    st.register_type_strategy(model, any_of(model))


def at(reference: str) -> Any:
    """What a reference within the document leads to."""
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for name, value in part.items() if name == "$ref")
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def message(address: str) -> dict[str, Any]:
    """What a reader who knows the topic's name finds about its records."""
    [channel] = [one for one in DOCUMENT["channels"].values() if one["address"] == address]
    [reference] = channel["messages"].values()
    found: dict[str, Any] = at(reference["$ref"])
    return found


@cache
def validator(address: str, part: str) -> Draft7Validator:
    return Draft7Validator({**message(address)[part], "components": DOCUMENT["components"]})


def check(event: Event) -> None:
    """An event, encoded, is what the document says of its topic."""
    address = TOPIC_OF[type(event)].name
    _, body, headers = encode(event, source="test", time=AFTER)
    validator(address, "payload").validate(json.loads(body))
    validator(address, "headers").validate({name: value.decode() for name, value in headers.items()})


def test_it_is_an_asyncapi_document() -> None:
    Draft7Validator(RULES).validate(DOCUMENT)
    with pytest.raises(ValidationError):
        Draft7Validator(RULES).validate({**DOCUMENT, "operations": {"say": {"action": "shout"}}})


def test_every_reference_leads_somewhere() -> None:
    found = list(references(DOCUMENT))
    assert all(at(reference) for reference in found)
    assert any(reference.startswith("#/components/schemas/") for reference in found)


def test_bodies_use_nothing_beyond_their_draft() -> None:
    known = Draft7Validator.META_SCHEMA["properties"].keys()
    for name, schema in DOCUMENT["components"]["schemas"].items():
        Draft7Validator.check_schema(schema)
        assert set(keywords(schema)) <= known, name


def keywords(schema: Any) -> Iterator[str]:
    """The keywords of a schema and of those within it, without the names of properties."""
    if not isinstance(schema, dict):
        return
    yield from schema
    within = [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), schema.get("items")]
    for part in (*within, schema.get("additionalProperties"), schema.get("propertyNames")):
        yield from keywords(part)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_is_there_as_it_is_kept(topic: Any) -> None:
    [channel] = [one for one in DOCUMENT["channels"].values() if one["address"] == topic.name]
    kafka = channel["bindings"]["kafka"]
    assert (kafka["partitions"], kafka["replicas"]) == (12, 3)
    assert kafka["topicConfiguration"]["cleanup.policy"] == (["compact"] if topic.compacted else ["delete"])
    days = topic.retention.days if topic.retention else None
    assert kafka["topicConfiguration"]["retention.ms"] == (days * 86_400_000 if days else -1)
    assert message(topic.name)["name"] == topic.event.type_name()


def test_who_reads_is_who_reads_in_the_pipeline() -> None:
    nothing: Any = None
    models: Any = SimpleNamespace(analyze=None, slots=1)
    pipeline = Pipeline(nothing, nothing, nothing, nothing, nothing, models)
    assert {stage.name: tuple(stage.reads) for stage in pipeline.stages()} == READERS
    told = [name for name, operation in DOCUMENT["operations"].items() if operation["action"] == "receive"]
    assert len(told) == sum(map(len, READERS.values()))


@pytest.mark.parametrize("kind", EVENTS)
def test_the_examples_are_events(kind: type[Event]) -> None:
    said = message(TOPIC_OF[kind].name)
    [example] = said["examples"]
    headers = {name: value.encode() for name, value in example["headers"].items()}
    event = decode(json.dumps(example["payload"]).encode(), headers).event
    assert event == EXAMPLES[kind]
    assert said["bindings"]["kafka"]["key"]["examples"] == [event.key]
    check(event)


def test_a_trace_may_stand_in_the_headers_and_need_not() -> None:
    topic = TOPIC_OF[EVENTS[0]]
    headers = message(topic.name)["examples"][0]["headers"]
    validator(topic.name, "headers").validate({**headers, HEADER: f"00-{'a' * 32}-{'b' * 16}-01"})
    assert not validator(topic.name, "headers").is_valid({**headers, HEADER: "some trace"})


@given(st.one_of([st.from_type(kind) for kind in EVENTS]))
def test_every_event_is_what_the_document_says(event: Event) -> None:
    check(event)


@pytest.mark.parametrize("kind", EVENTS)
def test_what_is_no_event_is_not_what_the_document_says(kind: type[Event]) -> None:
    body = EXAMPLES[kind].model_dump(mode="json")
    payload = validator(TOPIC_OF[kind].name, "payload")
    for name in body:
        assert not payload.is_valid({**body, name: {"not": ["that"]}}), name
    assert not payload.is_valid({**body, "more": 1})
