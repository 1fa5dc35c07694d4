"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, get_args

import typer

from reports.deliveries.files import ReportFiles, check_formats
from schemas.definition import Language
from schemas.errors import Misuse
from streams.config import Settings, check_name, check_zone, load_settings

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Configuration file.", show_default="$COMMITWIRE_CONFIG, ./, the user's")
]
DataDirectory = Annotated[
    Path | None,
    typer.Option("--data", help="Directory of the log and the store.", show_default="the user's data directory"),
]
ReportName = Annotated[str | None, typer.Option("--name", help="Name of the report.", show_default="daily")]
Zone = Annotated[str | None, typer.Option("--tz", metavar="ZONE", show_default="the machine's zone")]
LanguageCode = Annotated[str | None, typer.Option("--lang", help="zh-CN or en.", show_default="zh-CN")]
Formats = Annotated[str | None, typer.Option("--format", help="md, json or both.", show_default="md,json")]
OutDirectory = Annotated[
    Path | None, typer.Option("--out", help="Directory of the report files.", show_default="./out")
]
Redefine = Annotated[bool, typer.Option("--redefine", help="Bind the name to this definition.")]
Llm = Annotated[
    bool | None,
    typer.Option("--llm/--no-llm", help="Ask a model, or not.", show_default="if OPENAI_BASE_URL or endpoints are set"),
]


def settings(config: Path | None, data: Path | None = None, llm: bool | None = None) -> Settings:
    """The configuration with the options that stand above it."""
    loaded = load_settings(config)
    said = {"data": data.absolute() if data else None, "llm": llm}
    return loaded.model_copy(update={name: value for name, value in said.items() if value is not None})


def files(settings: Settings, out: Path | None) -> ReportFiles:
    """The files of reports that a command revises."""
    return ReportFiles(out or settings.out, settings.formats, settings.templates)


def hand_down(context: typer.Context, data: Path | None, config: Path | None) -> None:
    """What stands before a subcommand holds for it unless it says otherwise."""
    if context.invoked_subcommand is not None:
        said = {"data": data, "config": config}
        context.default_map = {context.invoked_subcommand: {name: path for name, path in said.items() if path}}


def report_name(option: str, text: str) -> str:
    with _named(option):
        check_name(text)
    return text


def zone(text: str) -> str:
    with _named("--tz"):
        check_zone(text)
    return text


def language(text: str | None, default: Language) -> Language:
    for known in get_args(Language):
        if text == known:
            return known  # type: ignore[no-any-return]
    if text is not None:
        raise Misuse(f"--lang: {text!r} is no language of the reports; write zh-CN or en")
    return default


def formats(text: str | None, default: tuple[str, ...]) -> tuple[str, ...]:
    if text is None:
        return default
    asked = tuple(part.strip() for part in text.split(",") if part.strip())
    with _named("--format"):
        check_formats(asked)
    return asked


@contextmanager
def _named(option: str) -> Iterator[None]:
    """What is wrong with a value is told with the option that gave it."""
    try:
        yield
    except ValueError as error:
        raise Misuse(f"{option}: {error}") from error


def day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):  # Python reads more forms of ISO 8601
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError as error:
        raise Misuse(f"{option}: {text!r} is no date; write YYYY-MM-DD") from error
