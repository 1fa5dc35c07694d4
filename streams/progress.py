"""Progress on standard error: a bar with counts and rate on a terminal, sentences otherwise."""

from __future__ import annotations

import logging

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar


class Progress:
    """Counts commits on their way into the stream, and those that a model is done with.

    Quiet when standard error is no terminal, or when told so. With a `log` the sentences are lines of it.
    """

    def __init__(self, *, quiet: bool = False, log: logging.Logger | None = None) -> None:
        self._log = log
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        rate = TextColumn("{task.fields[rate]}")
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate)
        shown = self._console.is_terminal and not quiet
        self._bar = Bar(*columns, TimeElapsedColumn(), console=self._console, transient=True, disable=not shown)
        self._task = self._bar.add_task("commits", total=0, rate="")
        self._model = self._bar.add_task("analyses by the model", total=None, rate="", visible=False)

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def expect(self, commits: int) -> None:
        total = self._bar.tasks[0].total or 0
        self._bar.update(self._task, total=total + commits)

    def advance(self, commits: int) -> None:
        speed = self._bar.tasks[0].finished_speed or self._bar.tasks[0].speed
        self._bar.update(self._task, advance=commits, rate=f"{speed:,.0f}/s" if speed else "")

    def answered(self, analyses: int) -> None:
        """A model is done with so many more: how many there will be is not known before the end."""
        self._bar.update(self._model, advance=analyses, visible=True)

    def complain(self, sentence: str) -> None:
        """Something the user should know; also when progress is quiet."""
        if self._log is not None:
            self._log.warning("%s", sentence)
        else:
            self._console.print(f"commitwire: {sentence}", markup=False, emoji=False)
