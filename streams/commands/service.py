"""`commitwire up`, `commitwire worker` and `commitwire ingest`: processes that go on until they are told to stop."""

from __future__ import annotations

import asyncio
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
    data: options.DataDirectory = None,
    out: options.OutDirectory = None,
    config: options.ConfigFile = None,
    llm: options.Llm = None,
    listen: Listen = None,
    log_format: LogFormat = "text",
    verbose: Verbose = False,
) -> None:
    """Do everything in one process: look at the repositories, analyze, score, store, and report each day as it ends."""
    settings = _settings(config, data, llm, repos=repos, out=out, listen=listen)
    _run("up", settings, None, ingests=True, log_format=log_format, verbose=verbose)


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
    data: options.DataDirectory = None,
    config: options.ConfigFile = None,
    listen: Listen = None,
    log_format: LogFormat = "text",
    verbose: Verbose = False,
) -> None:
    """Look at the repositories again and again, and put their commits and seals on the broker."""
    settings = _shared(_settings(config, data, None, repos=repos, listen=listen), "ingest")
    _run("ingest", settings, "", ingests=True, log_format=log_format, verbose=verbose)


def _run(name: str, settings: Settings, only: str | None, *, ingests: bool, log_format: str, verbose: bool) -> None:
    from streams import logs, tracing
    from streams.service import PARTS, Role, Service  # slow to import

    logs.configure(log_format, verbose)
    tracing.configure(os.environ)
    parts = tuple(PARTS) if only is None else tuple(part for part in only.split(",") if part)
    for unknown in set(parts) - set(PARTS):
        raise Misuse(f"--only: {unknown} is no part of a worker; known: {', '.join(PARTS)}")
    economise()

    async def go() -> None:
        service = Service(
            Role.of(name, parts, ingests=ingests), settings, clock_from_environment(), Progress(quiet=True)
        )
        await until_told(service.run(), service.stop)

    asyncio.run(go())


def _settings(
    config: Path | None,
    data: Path | None,
    llm: bool | None,
    *,
    repos: list[str] | None = None,
    out: Path | None = None,
    listen: str | None = None,
) -> Settings:
    said = {"repos": tuple(repos or ()), "out": out, "listen": listen}
    update = {key: value for key, value in said.items() if value not in (None, ())}
    return options.settings(config, data, llm).model_copy(update=update)


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
