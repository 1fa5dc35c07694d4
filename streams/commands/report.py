"""`commitwire report`."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import Misuse
from streams.allocation import economise
from streams.clock import clock_from_environment
from streams.commands import options
from streams.config import Settings, machine_zone
from streams.interruption import interruptible
from streams.progress import Progress
from streams.request import STDIN_NAME, Request

Repos = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[REPO]...",
        help="[[host/]owner/name=]PATH_OR_URL: a clone, bare or not, or a git URL; `-` goes with --jsonl.",
        show_default="the current directory",
    ),
]


def report(
    repos: Repos = None,
    date: Annotated[
        str | None, typer.Option("--date", metavar="YYYY-MM-DD", show_default="the last with commits")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="D", help="One report a day, from this one.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="D", help="The last of these days.")] = None,
    tz: options.Zone = None,
    lang: options.LanguageCode = None,
    format: options.Formats = None,
    out: options.OutDirectory = None,
    data: options.DataDirectory = None,
    name: options.ReportName = None,
    jsonl: Annotated[
        Path | None, typer.Option("--jsonl", metavar="FILE", help="Commits from a file, one a line.")
    ] = None,
    branch: Annotated[str | None, typer.Option("--branch", metavar="REF", show_default="the clone's HEAD")] = None,
    llm: options.Llm = None,
    redefine: options.Redefine = False,
    config: options.ConfigFile = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say more about errors.")] = False,
) -> None:
    """Write the daily report of one or more repositories; print the paths of its files, one a line."""
    if verbose:
        logging.getLogger().setLevel(logging.INFO)
    settings = options.settings(config, data, llm)
    request = Request(
        repos=_asked(repos, jsonl, settings),
        name=options.report_name("--name", name or settings.name),
        zone=options.zone(tz or settings.zone or machine_zone()),
        language=options.language(lang, settings.language),
        formats=options.formats(format, settings.formats),
        out=out or settings.out,
        day=options.day("--date", date),
        since=options.day("--since", since),
        until=options.day("--until", until),
        jsonl=jsonl.absolute() if jsonl else None,  # the engine changes the directory while it opens
        branch=branch,
        redefine=redefine,
    )
    raise typer.Exit(_run(request, settings, quiet=quiet))


def _asked(repos: list[str] | None, jsonl: Path | None, settings: Settings) -> tuple[str, ...]:
    asked = tuple(repos or ((STDIN_NAME,) if jsonl else settings.repos))
    if jsonl is not None and STDIN_NAME not in asked:
        raise Misuse("--jsonl goes with the REPO `-`; write it beside the other repositories")
    return asked


def _run(request: Request, settings: Settings, *, quiet: bool) -> int:
    """Make the reports, print their paths; the exit code."""
    from streams.run import report as run_report  # slow to import, and only needed when all of the above is right

    economise()
    with Progress(quiet=quiet) as progress:
        outcome = asyncio.run(interruptible(run_report(request, settings, clock_from_environment(), progress)))
    for path in outcome.paths:
        typer.echo(path)
    if outcome.dead_letters:
        progress.complain(f"{outcome.dead_letters} events became dead letters; see `commitwire dead-letters`")
    return outcome.exit_code
