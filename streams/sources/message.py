"""A commit message: its title, its body, the people it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.commits import Person

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and newline
_IDENTITY = re.compile(
    r"(Signed-off-by|Co-authored-by|Reviewed-by|Acked-by|Cc):[ \t]*([^<>]*)<([^<>]*)>[ \t]*", re.IGNORECASE
)
_CHANGE_ID = re.compile(r"Change-Id:[ \t]*\S.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Message:
    title: str
    body: tuple[str, ...] = ()
    co_authors: tuple[Person, ...] = ()


def clean(text: str) -> str:
    """The text with U+FFFD for each control character that is no tab or newline."""
    return _CONTROL.sub("\ufffd", text)


def parse_message(text: str, author: Person | None = None) -> Message:
    """Title, body and co-authors (each once, without `author`).

    The title is the first non-empty line. The body is the other ones, as they are but for blanks at their ends, without
    the trailers that name people or a Gerrit change, wherever these stand; all other trailers are text.
    """
    lines = _lines(text)
    title = next(lines, "").strip()
    body: list[str] = []
    co_authors: list[Person] = []
    for line in lines:
        if trailer := _IDENTITY.fullmatch(line):
            if trailer[1].lower() == "co-authored-by":
                co_authors.append(_person(trailer[2].strip(), trailer[3].strip()))
        elif not _CHANGE_ID.fullmatch(line):
            body.append(line)
    return Message(title, tuple(body), _distinct(co_authors, author) if co_authors else ())


def title_of(text: str) -> str:
    """The title alone."""
    return next(_lines(text), "").strip()


def _lines(text: str) -> Iterator[str]:
    stripped = (line.rstrip() for line in clean(text.replace("\r\n", "\n").rstrip("\r")).split("\n"))
    return filter(None, stripped)


def _person(name: str, email: str) -> Person:
    return Person(name=name or email, email=email)


def _distinct(people: list[Person], author: Person | None) -> tuple[Person, ...]:
    first = {_same(person): person for person in reversed(people)}
    known = _same(author) if author else None
    return tuple(dict.fromkeys(first[_same(person)] for person in people if _same(person) != known))


def _same(person: Person) -> str:
    return (person.email or person.name).casefold()
