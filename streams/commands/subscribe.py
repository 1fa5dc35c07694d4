"""`commitwire subscribe`."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Annotated

import typer

from schemas.errors import Misuse
from streams.commands import options
from streams.interruption import until_told

Report = Annotated[str | None, typer.Option("--report", metavar="NAME", help="Only this report.", show_default="all")]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="YYYY-MM-DD",
        help="Where a group begins that has had nothing yet: with the first report of this day or a later one"
        " (and goes on with all that follow, new revisions of earlier days, too). Any other goes on where it was.",
        show_default="all that is kept",
    ),
]
Command = Annotated[
    str | None,
    typer.Option(
        "--exec",
        metavar="CMD",
        help="Run this in the shell for each report: the whole event is on its standard input, and"
        " COMMITWIRE_REPORT, COMMITWIRE_DAY and COMMITWIRE_REVISION are set.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the whole event, one a line.")]
Group = Annotated[str, typer.Option("--group", metavar="NAME", help="Who asks: each group gets every report, once.")]
Once = Annotated[bool, typer.Option("--once", help="End when there is nothing more for now.")]
Attempts = Annotated[int, typer.Option("--tries", metavar="N", min=1, help="How often CMD is run at most.")]


def subscribe(
    report: Report = None,
    since: Since = None,
    exec_: Command = None,
    as_json: AsJson = False,
    group: Group = "default",
    once: Once = False,
    tries: Attempts = 8,
    data: options.DataDirectory = None,
    config: options.ConfigFile = None,
) -> None:
    """Print each report as it is published, one line each, or run a command for it; go on until told to stop.

    A report is acknowledged when it was printed, or CMD has exited with 0: after a crash it comes again. When CMD
    fails for good, the program ends, and begins with the same report the next time.
    """
    from streams.subscriber import Printing, Running, Subscriber  # slow to import
    from streams.subscription import GROUP_PATTERN, subscription

    if exec_ is not None and as_json:
        raise Misuse("--exec gets the whole event anyway; leave out --json")
    if not re.fullmatch(GROUP_PATTERN, group):
        raise Misuse(f"--group: {group!r} is no name; use letters, digits, dots, hyphens and underscores")
    logging.getLogger("streams").setLevel(logging.WARNING)
    settings = options.settings(config, data)
    name = None if report is None else options.report_name("--report", report)
    handler = Printing(as_json=as_json) if exec_ is None else Running(exec_, tries)

    async def go() -> None:
        own = subscription(settings, group)
        subscriber = Subscriber(settings, own, handler, name, options.day("--since", since), once)
        await until_told(subscriber.run(), subscriber.lifetime.end)

    asyncio.run(go())
