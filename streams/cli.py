"""The command line. Its contract, options and exit codes are documented in `--help` and fixed for programs."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Annotated

import typer

from schemas.errors import CommitwireError, Stop
from streams.commands import check, dead_letters, render, report, schemas, sql, topics

EXIT_CODES = """
Exit codes: 0 all well (debts and days that are not over included) · 1 anything unexpected · 2 usage, configuration, or
the data directory is in use · 3 a source could not be collected (the report is written and says so) · 4 some commits
ended as dead letters or malformed lines. If several hold, the first of 1, 2, 3, 4.
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
app.command("check", epilog=EXIT_CODES)(check.check)
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
) -> None:
    """Every commit an event, every day a report."""


def main() -> None:
    """The entry point: whatever happens, one sentence on standard error and a documented exit code."""
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except CommitwireError as error:
        sys.stderr.write(f"commitwire: {error}\n")
        sys.exit(error.exit_code if isinstance(error, Stop) else 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        if {"-v", "--verbose"} & set(sys.argv):
            traceback.print_exc()
        sys.stderr.write(f"commitwire: unexpected {type(error).__name__}: {error} (-v shows where)\n")
        sys.exit(1)
