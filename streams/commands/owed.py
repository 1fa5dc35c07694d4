"""`commitwire owed`: analyses that a model could not make yet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from schemas.errors import Misuse
from streams.clock import clock_from_environment
from streams.commands import options
from streams.commands.grid import print_table
from streams.config import Settings
from streams.endpoints import endpoints
from streams.interruption import interruptible
from streams.store.ledger import Debt
from streams.store.store import Store
from streams.visitor import Visitor, asked, owner

if TYPE_CHECKING:
    from streams.settlement import Settlement

Result = TypeVar("Result")
COLUMNS = ("commit", "repository", "committed", "language", "depth", "why")

app = typer.Typer(help="Analyses that a model could not make yet.", invoke_without_command=True)


@app.callback()
def owed(context: typer.Context, data: options.DataDirectory = None, config: options.ConfigFile = None) -> None:
    """Analyses that a model could not make yet."""
    options.hand_down(context, data, config)
    if context.invoked_subcommand is None:
        list_debts(data, config)


@app.command("list")
def list_debts(
    data: options.DataDirectory = None,
    config: options.ConfigFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """What is owed, the oldest commits first."""
    debts = asyncio.run(interruptible(_debts(options.settings(config, data))))
    if as_json:
        for debt in debts:
            typer.echo(json.dumps(dict(zip(COLUMNS, _row(debt), strict=True)), ensure_ascii=False))
    elif debts:
        print_table(COLUMNS, map(_row, debts))


@app.command("pay")
def pay(
    out: options.OutDirectory = None,
    data: options.DataDirectory = None,
    config: options.ConfigFile = None,
    llm: options.Llm = None,
) -> None:
    """Ask the model again, within its budget; print the paths of the reports that changed.

    While `commitwire up` runs, that does it, and writes those reports when they are ready.
    """
    settings = options.settings(config, data, llm)
    if (asked_for := _by_owner(settings, lambda owner: owner.pay())) is not None:
        typer.echo(f"commitwire: {asked_for} analyses are asked for by the process that owns {settings.data}", err=True)
        return
    left, paths = _settle(settings, out, lambda settlement: settlement.pay(endpoints(settings)))
    for path in paths:
        typer.echo(path)
    if left:
        typer.echo(f"commitwire: {left} analyses are still owed; `commitwire owed` says why", err=True)


@app.command("forgive")
def forgive(
    shas: Annotated[list[str] | None, typer.Argument(metavar="[SHA]...", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="Forgive all that is owed.")] = False,
    out: options.OutDirectory = None,
    data: options.DataDirectory = None,
    config: options.ConfigFile = None,
) -> None:
    """Let the static analyses stand; print the paths of the reports that changed.

    While `commitwire up` runs, that does it, and writes those reports when they are ready.
    """
    if bool(shas) == every:
        raise Misuse("name the commits to forgive, or say --all")
    settings = options.settings(config, data)
    if (forgiven := _by_owner(settings, lambda owner: owner.forgive(shas or []))) is not None:
        typer.echo(f"commitwire: {forgiven} debts are forgiven by the process that owns {settings.data}", err=True)
        return
    for path in _settle(settings, out, lambda settlement: settlement.forgive(shas or [])):
        typer.echo(path)


def _row(debt: Debt) -> tuple[str, ...]:
    committed = debt.committed_at.isoformat(timespec="seconds")
    return (debt.sha, debt.repo, committed, debt.language, debt.wanted, debt.reason)


async def _debts(settings: Settings) -> list[Debt]:
    async with asked(settings) as store:
        return await store.debts()


def _by_owner(settings: Settings, work: Callable[[Visitor], Awaitable[int]]) -> int | None:
    """How many debts it was about; None when nobody owns the directory."""

    async def go() -> int | None:
        async with owner(settings) as found:
            return None if found is None else await work(found)

    return asyncio.run(interruptible(go()))


def _settle(settings: Settings, out: Path | None, work: Callable[[Settlement], Awaitable[Result]]) -> Result:
    from streams.settlement import Settlement  # slow to import

    async def go() -> Result:
        async with Store.existing(settings.store_url) as store:
            return await work(Settlement(store, settings, clock_from_environment(), options.files(settings, out)))

    return asyncio.run(interruptible(go()))
