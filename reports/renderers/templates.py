"""Templates by name: those of a user's directory before the shipped ones.

Templates get Markdown that is already safe, so nothing in them needs escaping.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from traceback import walk_tb
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, TemplateSyntaxError

from schemas.errors import Misuse

SHIPPED = Path(__file__).parent.parent / "templates"


@cache
def templates_in(directory: Path | None) -> Templates:
    """The template set of a directory, read once."""
    return Templates(directory)


class Templates:
    """The template set. Faults of a user's template are raised as Misuse, naming the file and the line."""

    def __init__(self, directory: Path | None = None) -> None:
        if directory is not None and not directory.is_dir():
            raise Misuse(f"templates: {directory} is no directory; name the one that holds your *.md.j2 files")
        self._directory = directory
        loaders: list[BaseLoader] = [FileSystemLoader(path) for path in (directory, SHIPPED) if path]
        self._environment = Environment(
            loader=ChoiceLoader(loaders),
            autoescape=False,  # this is Markdown
            auto_reload=False,  # a process renders many reports: looking at the files again costs more than rendering
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

        self._environment.filters["bullets"] = _bullets

    def render(self, name: str, **values: Any) -> str:
        """The template filled with the values."""
        with self._faults(name):
            return self._environment.get_template(name).render(values)

    def replaced(self) -> list[str]:
        """The shipped templates that the user's directory replaces; each can be read and is well formed."""
        names = sorted(path.name for path in SHIPPED.glob("*.j2"))
        found = [name for name in names if self._directory is not None and (self._directory / name).is_file()]
        for name in found:
            with self._faults(name):
                self._environment.get_template(name)
        return found

    @contextmanager
    def _faults(self, name: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            place = self._place(error, name)
            if place is None:
                raise
            reason = str(error).split("\n")[0] or type(error).__name__
            raise Misuse(f"the template {place} is faulty: {reason}") from error

    def _place(self, error: Exception, name: str) -> str | None:
        """File and line of a fault in a user's template, None for a fault elsewhere."""
        if self._directory is None:
            return None
        if isinstance(error, TemplateSyntaxError):
            return f"{error.filename}, line {error.lineno}" if self._is_users(error.filename) else None
        if isinstance(error, UnicodeDecodeError):
            return f"{self._directory / name}, or one that it names,"
        frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
        return next((f"{file}, line {line}" for file, line in reversed(frames) if self._is_users(file)), None)

    def _is_users(self, filename: str | None) -> bool:
        return filename is not None and self._directory is not None and Path(filename).is_relative_to(self._directory)


def _bullets(items: Sequence[str], pair: str, nothing: str) -> str:
    """What follows a label: `pair`, then one item in the same line, or several as a list below."""
    if len(items) < 2:
        return pair + ("".join(items) or nothing)
    return f"{pair.rstrip()}\n\n" + "\n".join(f"- {item}" for item in items)
