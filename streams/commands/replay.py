"""`commitwire replay`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.llm.settings import EndpointSettings
from schemas.errors import Misuse
from streams.clock import clock_from_environment
from streams.commands import options
from streams.commands.grid import print_table
from streams.config import Settings
from streams.endpoints import endpoints
from streams.interruption import interruptible
from streams.store.store import Store

if TYPE_CHECKING:
    from streams.replay import Difference, Replayed


def replay(
    since: Annotated[str, typer.Option("--since", metavar="D", help="The first day.")],
    until: Annotated[str, typer.Option("--until", metavar="D", help="The last day.")],
    name: Annotated[str | None, typer.Option("--name", help="Name of the report.", show_default="daily")] = None,
    prompt: Annotated[Path | None, typer.Option("--prompt", metavar="DIR", help="With the prompts there.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="With this model.")] = None,
    rubric: Annotated[Path | None, typer.Option("--rubric", metavar="FILE", help="With this rubric.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    out: options.OutDirectory = None,
    data: options.DataDirectory = None,
    config: options.ConfigFile = None,
    llm: options.Llm = None,
) -> None:
    """Run past days again; show which commits changed tier or text. With --rubric no model is asked."""
    first, last = options.day("--since", since), options.day("--until", until)
    if first is None or last is None or first > last:
        raise Misuse(f"--since {first} is after --until {last}")
    settings = options.settings(config, data, llm)
    told = {"prompts": prompt.absolute() if prompt else None, "model": model, "rubric": rubric and rubric.absolute()}
    settings = settings.model_copy(update={key: value for key, value in told.items() if value})
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]

    from streams.replay import Replay  # slow to import

    async def go() -> Replayed:
        asked = _asked(settings, model, rubric, prompt)
        async with Store.existing(settings.store_url) as store:
            otherwise = any(told.values())
            files = options.files(settings, out)
            again = Replay(store, settings, clock_from_environment(), files, asked, otherwise)
            return await again.go(name or settings.name, days)

    replayed = asyncio.run(interruptible(go()))
    _show(replayed.differences, as_json=as_json)
    if replayed.unanswered:
        said = f"commitwire: {replayed.unanswered} commits got no new answer as deep as the last; the report says why"
        typer.echo(said, err=True)


def _asked(
    settings: Settings, model: str | None, rubric: Path | None, prompt: Path | None
) -> tuple[EndpointSettings, ...]:
    """The endpoints to ask: with another model, all of them ask for that one."""
    if rubric is not None:
        if model or prompt:
            raise Misuse("--rubric goes without --model and --prompt: it weighs the analyses that there are")
        return ()
    found = endpoints(settings)
    if not found and (model or prompt):
        raise Misuse("--model and --prompt need a model; set OPENAI_BASE_URL, or configure [[endpoints]]")
    return tuple(one.model_copy(update={"model": model}) for one in found) if model else found


def _show(differences: list[Difference], *, as_json: bool) -> None:
    if as_json:
        for one in differences:
            typer.echo(json.dumps(asdict(one), ensure_ascii=False))
    elif differences:
        rows = [
            (one.repo, one.sha[:12], one.title, f"{one.before} → {one.after}", "changed" if one.text else "same")
            for one in differences
        ]
        print_table(("repository", "commit", "title", "tier", "text"), rows)
