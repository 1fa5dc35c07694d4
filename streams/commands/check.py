"""`commitwire check`: what is wrong with configuration, repositories, store and log, and what to do."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable
from functools import partial

import typer

from agents.analyzers.llm.prompt import Prompts
from agents.scorers.rubric import Rubric
from reports.renderers.templates import templates_in
from schemas.errors import CommitwireError, Misuse
from streams.commands import options
from streams.config import Settings, machine_zone, masked
from streams.endpoints import endpoints, hint
from streams.obstacle import obstacle
from streams.request import STDIN_NAME
from streams.sources.git import mask
from streams.sources.repository import locate, name_of, open_repository
from streams.store.address import parse
from streams.store.directory import is_made
from streams.transports import broker
from streams.transports.reading import reader
from streams.visitor import asked


def check(config: options.ConfigFile = None, data: options.DataDirectory = None) -> None:
    """Look at the configuration, the repositories, the store and the log; exit 2 when something is wrong."""
    settings = options.settings(config, data)
    checks: dict[str, Callable[[Settings], str]] = {
        "configuration": _configuration,
        "git": _git,
        "disk": _disk,
        "rubric": _rubric,
        "templates": _templates,
        "model": _model,
        "log": _log,
        "store": _store,
    }
    if "repos" in settings.model_fields_set:  # else they are arguments of each report
        checks |= {f"repository {mask(repo)}": partial(_repository, repo) for repo in settings.repos}
    results = [_result(name, look, settings) for name, look in checks.items()]
    raise typer.Exit(0 if all(results) else 2)


def _result(name: str, look: Callable[[Settings], str], settings: Settings) -> bool:
    try:
        typer.echo(f"ok     {name}: {look(settings)}")
    except CommitwireError as error:
        return _wrong(name, str(error))
    except OSError as error:
        return _wrong(name, obstacle(error))
    return True


def _wrong(name: str, why: str) -> bool:
    typer.echo(f"wrong  {name}: {why}")
    return False


def _configuration(settings: Settings) -> str:
    zone = settings.zone or machine_zone()
    return (
        f"data {settings.data}, store {masked(settings.store_url)}, broker {masked(settings.broker_url)}, zone {zone}"
    )


def _git(settings: Settings) -> str:
    if shutil.which("git") is None:
        raise Misuse("there is no git on the PATH; install it")
    return subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def _disk(settings: Settings) -> str:
    place = next(parent for parent in (settings.data, *settings.data.absolute().parents) if parent.exists())
    free = shutil.disk_usage(place).free
    if free < 1 << 28:
        raise Misuse(f"{place} has only {free >> 20} MB free; make room, at least 256 MB")
    return f"{free >> 30} GB free at {place}"


def _rubric(settings: Settings) -> str:
    rubric = Rubric.load(settings.rubric) if settings.rubric else Rubric.shipped()
    rubric.profile(settings.profile)
    return f"{settings.rubric or 'shipped'}, version {rubric.version}, profile {settings.profile}"


def _templates(settings: Settings) -> str:
    replaced = ", ".join(templates_in(settings.templates).replaced())
    return f"shipped, but {replaced} from {settings.templates}" if replaced else "shipped"


def _model(settings: Settings) -> str:
    """Who would be asked; nobody is."""
    found = endpoints(settings)
    if not found:
        return hint(settings) or "none, analyses are static"
    Prompts(settings.prompts)
    asked = ", then ".join(f"{one.model or 'the first model'} of {one.label}" for one in found)
    return f"{asked}; prompts {settings.prompts or 'shipped'}"


def _repository(argument: str, settings: Settings) -> str:
    if argument == STDIN_NAME:
        return "the commits of --jsonl FILE"
    place = locate(argument)
    if place.url is not None:
        return f"{name_of(place)}, mirrored by the first report"
    repository = open_repository(place, settings.mirrors)
    return f"{repository.name} in {repository.git_dir}"


def _log(settings: Settings) -> str:
    where = broker.parse(settings.broker_url)
    if isinstance(where, broker.EmbeddedBroker) and not where.directory.exists():
        return f"{where.directory} will be made by the first report"
    with reader(settings.broker_url) as log:
        return f"{sum(topic.records for topic in log.topics())} records in {len(log.topics())} topics"


def _store(settings: Settings) -> str:
    directory = parse(settings.store_url).directory
    if directory is not None and not is_made(directory):
        return f"{directory} will be made by the first report"
    return asyncio.run(_counted(settings))


async def _counted(settings: Settings) -> str:
    async with asked(settings) as store:
        commits = (await store.select("SELECT count() FROM v_commits")).rows[0][0]
        reports = (await store.select("SELECT count() FROM v_reports")).rows[0][0]
        return f"{commits} commits, {reports} reports"
