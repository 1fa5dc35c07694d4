"""All commands, as one Typer application."""

from __future__ import annotations

from typing import Annotated

import typer

from streams.commands import check, dead_letters, owed, render, replay, report, schemas, service, sql, subscribe, topics

EXIT_CODES = """
Exit codes: 0 all well (debts and days that are not over included) · 1 anything unexpected, being interrupted included ·
2 usage, configuration, or the data directory is in use · 3 a source could not be collected (the report is written and
says so) · 4 some commits ended as dead letters or malformed lines. If several hold, the first of 1, 2, 3, 4.
"""

app = typer.Typer(
    name="commitwire",
    help="Every commit an event, every day a report.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help is plain text: brackets in it mean nothing
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("report", epilog=EXIT_CODES)(report.report)
app.command("render", epilog=EXIT_CODES)(render.render)
app.command("sql", epilog=EXIT_CODES)(sql.sql)
app.add_typer(topics.app, name="topics")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(owed.app, name="owed")
app.command("replay", epilog=EXIT_CODES)(replay.replay)
app.command("check", epilog=EXIT_CODES)(check.check)
app.command("up", epilog=EXIT_CODES)(service.up)
app.command("worker", epilog=EXIT_CODES)(service.worker)
app.command("ingest", epilog=EXIT_CODES)(service.ingest)
app.command("subscribe", epilog=EXIT_CODES)(subscribe.subscribe)
app.command("schemas", epilog=EXIT_CODES)(schemas.schemas)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"commitwire {version('commitwire')}")
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    verbose: Annotated[  # read by cli.main, which sees whatever escapes
        bool, typer.Option("-v", "--verbose", help="Show where an unexpected error comes from.")
    ] = False,
) -> None:
    """Every commit an event, every day a report."""
