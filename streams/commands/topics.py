"""`commitwire topics`: read what is on the log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from schemas.topics import TOPICS
from streams.commands import options
from streams.commands.grid import print_table
from streams.transports.reading import reader
from streams.transports.record import Record

app = typer.Typer(help="Read what is on the log.", invoke_without_command=True)
LAST = 10  # records that `tail` shows


@app.callback()
def topics(context: typer.Context, data: options.DataDirectory = None, config: options.ConfigFile = None) -> None:
    """Read what is on the log."""
    options.hand_down(context, data, config)
    if context.invoked_subcommand is None:
        list_topics(data, config)


@app.command("list")
def list_topics(data: options.DataDirectory = None, config: options.ConfigFile = None) -> None:
    """Every topic with its event and how many records it holds."""
    events = {topic.name: topic.event.__name__ for topic in TOPICS}
    with reader(options.settings(config, data).broker_url) as log:
        rows = [
            (t.name, events.get(t.name, ""), *map(str, (t.partitions, t.records, t.first, t.end))) for t in log.topics()
        ]
    print_table(("topic", "event", "partitions", "records", "first", "end"), rows)


@app.command("tail")
def tail(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="Such as commitwire.commits, or commits.")],
    from_start: Annotated[bool, typer.Option("--from-start", help="All records, not only the last ones.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, the whole event in `data`.")] = False,
    data: options.DataDirectory = None,
    config: options.ConfigFile = None,
) -> None:
    """The last records of a topic, oldest first."""
    name = topic if topic.startswith("commitwire.") else f"commitwire.{topic}"
    with reader(options.settings(config, data).broker_url) as log:
        for record in log.records(name, last=None if from_start else LAST):
            typer.echo(json.dumps(_as_json(record), ensure_ascii=False) if as_json else _line(record))


def _as_json(record: Record) -> dict[str, Any]:
    """The record in the JSON form of CloudEvents, with its place."""
    headers = {name: value.decode("utf-8", "replace") for name, value in record.headers.items()}
    attributes = {name.removeprefix("ce_"): value for name, value in headers.items() if name.startswith("ce_")}
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset, "key": _text(record.key)}
    try:
        return {**attributes, **place, "data": json.loads(record.value or b"null")}
    except ValueError:
        return {**attributes, **place, "undecodable": _text(record.value)}


def _line(record: Record) -> str:
    written = datetime.fromtimestamp(record.timestamp, UTC).isoformat(timespec="seconds")
    kind = record.headers.get("ce_type", b"?").decode("utf-8", "replace")
    return f"{record.partition}:{record.offset}  {written}  {kind}  {_text(record.key)}  {record.size} bytes"


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")
