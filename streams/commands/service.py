"""`commitwire up`, `commitwire worker` and `commitwire ingest`: processes that go on until they are told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import Misuse
from streams.allocation import economise
from streams.clock import clock_from_environment
from streams.commands import options
from streams.config import Settings
from streams.interruption import until_told
from streams.progress import Progress
from streams.request import STDIN_NAME
from streams.store import address
from streams.transports import broker
from streams.transports.broker import EmbeddedBroker

Repos = Annotated[
    list[str] | None,
    typer.Argument(metavar="[REPO]...", help="[[host/]owner/name=]PATH_OR_URL.", show_default="of the configuration"),
]
Only = Annotated[
    str | None,
    typer.Option("--only", metavar="PART,…", help="Some of analyzers, scorers, store, windows, reports."),
]
Listen = Annotated[
    str | None,
    typer.Option("--listen", metavar="HOST:PORT", help="Health and metrics; port 0 is any.", show_default="9464"),
]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Log more.")]
LogFormat = Annotated[str, typer.Option("--log-format", metavar="text|json", help="How the log is written.")]


def up(
    repos: Repos = None,
    name: options.ReportName = None,
    tz: options.Zone = None,
    lang: options.LanguageCode = None,
    data: options.DataDirectory = None,
    out: options.OutDirectory = None,
    config: options.ConfigFile = None,
    llm: options.Llm = None,
    listen: Listen = None,
    redefine: options.Redefine = False,
    log_format: LogFormat = "text",
    verbose: Verbose = False,
) -> None:
    """Do everything in one process: look at the repositories, analyze, score, store, and report each day as it ends."""
    settings = _reporting(_settings(config, data, llm, out=out, listen=listen), repos, name, tz, lang)
    _run("up", settings, None, ingests=True, redefine=redefine, log_format=log_format, verbose=verbose)


def worker(
    only: Only = None,
    data: options.DataDirectory = None,
    out: options.OutDirectory = None,
    config: options.ConfigFile = None,
    llm: options.Llm = None,
    listen: Listen = None,
    log_format: LogFormat = "text",
    verbose: Verbose = False,
) -> None:
    """Run the stages, or some of them, on a broker that others put commits on. Any number of workers share the work."""
    settings = _shared(_settings(config, data, llm, out=out, listen=listen), "worker")
    _run("worker", settings, only, ingests=False, log_format=log_format, verbose=verbose)


def ingest(
    repos: Repos = None,
    name: options.ReportName = None,
    tz: options.Zone = None,
    lang: options.LanguageCode = None,
    data: options.DataDirectory = None,
    config: options.ConfigFile = None,
    listen: Listen = None,
    redefine: options.Redefine = False,
    log_format: LogFormat = "text",
    verbose: Verbose = False,
) -> None:
    """Look at the repositories again and again, and put their commits and seals on the broker."""
    settings = _shared(_settings(config, data, None, listen=listen), "ingest")
    settings = _reporting(settings, repos, name, tz, lang)
    _run("ingest", settings, "", ingests=True, redefine=redefine, log_format=log_format, verbose=verbose)


def _run(
    name: str,
    settings: Settings,
    only: str | None,
    *,
    ingests: bool,
    redefine: bool = False,
    log_format: str,
    verbose: bool,
) -> None:
    from streams import logs, tracing
    from streams.service import PARTS, Role, Service  # slow to import

    logs.configure(log_format, verbose)
    tracing.configure(os.environ)
    parts = tuple(PARTS) if only is None else tuple(part for part in only.split(",") if part)
    for unknown in set(parts) - set(PARTS):
        raise Misuse(f"--only: {unknown} is no part of a worker; known: {', '.join(PARTS)}")
    economise()

    async def go() -> None:
        progress = Progress(quiet=True, log=logging.getLogger("streams.service"))
        role, clock = Role.of(name, parts, ingests=ingests), clock_from_environment()
        service = Service(role, settings, clock, progress, redefine=redefine)
        await until_told(service.run(), service.stop)

    asyncio.run(go())


def _settings(
    config: Path | None,
    data: Path | None,
    llm: bool | None,
    *,
    out: Path | None = None,
    listen: str | None = None,
) -> Settings:
    said = {"out": out, "listen": listen}
    update = {key: value for key, value in said.items() if value is not None}
    return options.settings(config, data, llm).model_copy(update=update)


def _reporting(
    settings: Settings, repos: list[str] | None, name: str | None, tz: str | None, lang: str | None
) -> Settings:
    """With the report that is to be made: of what, under which name, for which days, in which language."""
    asked = tuple(repos or settings.repos)
    if STDIN_NAME in asked:
        raise Misuse(f"{STDIN_NAME} is no repository to look at again and again; give paths and URLs")
    said = {
        "repos": asked,
        "name": options.report_name("--name", name or settings.name),
        "zone": options.zone(tz) if tz else settings.zone,
        "language": options.language(lang, settings.language),
    }
    return settings.model_copy(update=said)


def _shared(settings: Settings, role: str) -> Settings:
    """A log or a store in a directory has one process: nothing could be shared."""
    alone = {
        "broker": isinstance(broker.parse(settings.broker_url), EmbeddedBroker),
        "store": address.parse(settings.store_url).embedded,
    }
    for key in (key for key, embedded in alone.items() if embedded):
        raise Misuse(
            f"{role} needs a {key} that processes share, such as kafka://HOST:9092 and clickhouse://HOST:8123/DB;"
            " on one machine `commitwire up` does everything"
        )
    return settings
