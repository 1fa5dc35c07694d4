"""`commitwire dead-letters`: events that could not be handled, and their way back."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Annotated

import typer

from schemas.dead_letters import DeadLetter
from schemas.envelope import decode, encode
from schemas.errors import Misuse
from schemas.topics import DEAD_LETTERS
from streams.clock import clock_from_environment
from streams.commands import options
from streams.transports.log import Log
from streams.transports.log_reader import LogReader

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
    for identity, letter in _dead(options.log_of(options.settings(config, data))).items():
        when = letter.failed_at.isoformat(timespec="seconds")
        typer.echo(f"{identity}  {when}  {letter.where}  {letter.failed_key}  {letter.error}: {letter.message}")


@app.command("show")
def show(
    identity: Annotated[str, typer.Argument(metavar="ID")],
    data: options.DataDirectory = None,
    config: options.ConfigFile = None,
) -> None:
    """The whole dead letter as JSON; `body` is text where it can be read, base64 otherwise."""
    letter = _chosen(_dead(options.log_of(options.settings(config, data))), [identity])[identity]
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
    """Put the events back on their topics as they were; the next report command handles them."""
    directory = options.log_of(options.settings(config, data))
    letters = _dead(directory)
    chosen = _chosen(letters, identities) if identities else letters
    log = Log(directory)
    try:
        for letter in chosen.values():
            _put_back(log, letter)
    finally:
        log.close()
    for identity in chosen:
        typer.echo(identity)


def _dead(directory: Path) -> dict[str, DeadLetter]:
    """The letters whose last state is dead, by ID, oldest first."""
    letters: dict[str, DeadLetter] = {}
    with LogReader(directory) as log:
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


def _put_back(log: Log, letter: DeadLetter) -> None:
    """The event as it was, and the statement that it was replayed."""
    headers = {name: value.encode("latin-1") for name, value in letter.headers.items()}
    log.append(letter.topic, letter.failed_key.encode(), letter.body, headers)
    replayed = letter.model_copy(update={"state": "replayed"})
    key, body, ours = encode(replayed, source="dead-letters", time=clock_from_environment().now())
    log.append(DEAD_LETTERS.name, key, body, ours)
