"""`commitwire dead-letters`: events that could not be handled, and their way back."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from itertools import chain
from typing import Annotated

import typer

from schemas.dead_letters import DeadLetter
from schemas.envelope import decode, encode
from schemas.errors import Misuse
from schemas.topics import DEAD_LETTERS
from streams.clock import clock_from_environment
from streams.commands import options
from streams.config import Settings
from streams.transports.reading import reader
from streams.transports.record import NewRecord, Partition
from streams.transports.writing import write
from streams.visitor import owner

app = typer.Typer(help="Events that could not be handled.", invoke_without_command=True)


@app.callback()
def dead_letters(context: typer.Context, data: options.DataDirectory = None, config: options.ConfigFile = None) -> None:
    """Events that could not be handled."""
    options.hand_down(context, data, config)
    if context.invoked_subcommand is None:
        list_letters(data, config)


@app.command("list")
def list_letters(data: options.DataDirectory = None, config: options.ConfigFile = None) -> None:
    """One line a dead letter that was not replayed: its ID, when, where and why."""
    for identity, letter in _dead(options.settings(config, data).broker_url).items():
        when = letter.failed_at.isoformat(timespec="seconds")
        typer.echo(f"{identity}  {when}  {letter.where}  {letter.failed_key}  {letter.error}: {letter.message}")


@app.command("show")
def show(
    identity: Annotated[str, typer.Argument(metavar="ID")],
    data: options.DataDirectory = None,
    config: options.ConfigFile = None,
) -> None:
    """The whole dead letter as JSON; `body` is text where it can be read, base64 otherwise."""
    letter = _chosen(_dead(options.settings(config, data).broker_url), [identity])[identity]
    shown = json.loads(letter.model_dump_json())
    try:
        shown["body"] = letter.body.decode()
    except UnicodeDecodeError:
        shown |= {"body": b64encode(letter.body).decode(), "encoding": "base64"}
    typer.echo(json.dumps(shown, ensure_ascii=False, indent=1))


@app.command("replay")
def replay(
    identities: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", show_default="all")] = None,
    data: options.DataDirectory = None,
    config: options.ConfigFile = None,
) -> None:
    """Put the events back on their topics as they were; the next report command, or `up`, handles them."""
    settings = options.settings(config, data)
    letters = _dead(settings.broker_url)
    chosen = _chosen(letters, identities) if identities else letters
    asyncio.run(_write(settings, list(map(_put_back, chosen.values()))))
    for identity in chosen:
        typer.echo(identity)


def _dead(url: str) -> dict[str, DeadLetter]:
    """The letters whose last state is dead, by ID, oldest first."""
    letters: dict[str, DeadLetter] = {}
    with reader(url) as log:
        if DEAD_LETTERS.name not in {topic.name for topic in log.topics()}:
            return {}
        for record in log.records(DEAD_LETTERS.name):
            letter = decode(record.value, record.headers).event
            assert isinstance(letter, DeadLetter)  # the only event of this topic
            letters.pop(letter.letter, None)
            letters[letter.letter] = letter
    return {identity: letter for identity, letter in letters.items() if letter.state == "dead"}


def _chosen(letters: dict[str, DeadLetter], identities: list[str]) -> dict[str, DeadLetter]:
    unknown = [identity for identity in identities if identity not in letters]
    if unknown:
        raise Misuse(f"there is no dead letter {unknown[0]}; `commitwire dead-letters` lists those there are")
    return {identity: letters[identity] for identity in identities}


async def _write(settings: Settings, letters: list[list[NewRecord]]) -> None:
    async with owner(settings) as found:
        if found is None:
            await asyncio.to_thread(write, settings.broker_url, list(chain.from_iterable(letters)))
            return
        for records in letters:
            await found.put(records)


def _put_back(letter: DeadLetter) -> list[NewRecord]:
    """The event as it was, and the statement that it was replayed."""
    headers = {name: value.encode("latin-1") for name, value in letter.headers.items()}
    replayed = letter.model_copy(update={"state": "replayed"})
    key, body, ours = encode(replayed, source="dead-letters", time=clock_from_environment().now())
    return [
        NewRecord(Partition(letter.topic, 0), letter.failed_key.encode(), letter.body, headers),
        NewRecord(Partition(DEAD_LETTERS.name, 0), key, body, ours),
    ]
