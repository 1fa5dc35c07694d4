"""Tables on standard output: as wide as the terminal, and wide enough for what is longer where there is none."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 200  # columns where standard output is no terminal


def print_table(columns: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
    """Print the texts as they are; what does not fit into a cell goes on in its next line."""
    table = Table()
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
