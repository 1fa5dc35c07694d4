"""Commits from a file of JSON lines, one object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast, get_args

from agents.analyzers.paths import rank
from schemas.commits import FILES_LIMIT, CommitObserved, FileChange, Person, Status
from schemas.day import EARLIEST, LATEST
from schemas.repo import canonical
from streams.sources.message import clean, parse_message, title_of

LINE_LIMIT = 16 * 1024 * 1024  # bytes
_BOM = b"\xef\xbb\xbf"
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")  # whole: an abbreviated one would be another commit
_STATUSES = get_args(Status)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no commit; `number` counts from 1, `reason` names the field."""

    number: int
    reason: str


class _Bad(Exception):
    """Why a line is no commit."""


def read_jsonl(lines: Iterable[bytes], observed_at: Callable[[], datetime]) -> Iterator[CommitObserved | BadLine]:
    """What each line says, in order.

    A line needs `repo`, `sha`, `committed_at` (ISO with offset), `author`, `title` and `body` (a list of lines); it may
    have `authored_at`, `parents` and `files` (`path`, `status`, `additions`, `deletions`). Other keys are ignored.
    """
    for number, data in _numbered(lines):
        if data is None:
            yield BadLine(number, f"the line is longer than {LINE_LIMIT // (1024 * 1024)} MB")
        elif data.strip():
            try:
                yield _commit(_object(data), observed_at)
            except _Bad as bad:
                yield BadLine(number, str(bad))


def _numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Whole lines from an iterable of lines; None for one that is too long. A file is read in parts of a line."""
    parts = _parts(lines) if hasattr(lines, "readline") else lines
    held: list[bytes] = []
    number, size = 1, 0
    for part in parts:
        size += len(part)
        held = [*held, part] if size <= LINE_LIMIT else []
        if part.endswith(b"\n") or not hasattr(lines, "readline"):
            yield number, _without_mark(b"".join(held), number) if size <= LINE_LIMIT else None
            number, held, size = number + 1, [], 0
    if size:
        yield number, _without_mark(b"".join(held), number) if size <= LINE_LIMIT else None


def _parts(file: Any) -> Iterator[bytes]:
    return iter(lambda: file.readline(1024 * 1024), b"")


def _without_mark(line: bytes, number: int) -> bytes:
    return line.removeprefix(_BOM) if number == 1 else line


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data.decode())
    except UnicodeDecodeError:
        raise _Bad("the line is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise _Bad(f"the line is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise _Bad("the line is no JSON object")
    return found


def _commit(line: dict[str, Any], observed_at: Callable[[], datetime]) -> CommitObserved:
    author = _author(line)
    committed_at, notes = _date(line, "committed_at")
    authored_at, more = _date(line, "authored_at") if line.get("authored_at") is not None else (committed_at, ())
    message = parse_message("\n".join(["-", *_texts(line, "body")]), author)
    parents = _parents(line)
    return CommitObserved(
        repo=_repo(line),
        sha=_sha(_text(line, "sha"), "sha"),
        parents=parents,
        author=author,
        committer=author,
        authored_at=authored_at,
        committed_at=committed_at,
        title=title_of(_text(line, "title")),
        body=message.body,
        co_authors=message.co_authors,
        notes=tuple(dict.fromkeys((*notes, *more))),
        observed_at=observed_at(),
        **_changes(line, is_merge=len(parents or ()) > 1),
    )


def _changes(line: dict[str, Any], *, is_merge: bool) -> dict[str, Any]:
    if line.get("files") is None:
        return {"detail": "message"}
    files = [_file(entry, index) for index, entry in enumerate(_list(line, "files"))]
    if is_merge:
        return {"detail": "files", "files_total": 0, "additions": 0, "deletions": 0}
    return {
        "detail": "files",
        "files": tuple(sorted(files, key=lambda file: rank(file.path))[:FILES_LIMIT]),
        "files_total": len(files),
        "additions": sum(file.additions or 0 for file in files),
        "deletions": sum(file.deletions or 0 for file in files),
    }


def _file(entry: object, index: int) -> FileChange:
    name = f"files[{index}]"
    if not isinstance(entry, dict):
        raise _Bad(f"{name} is no object")
    status = entry.get("status")
    if status not in _STATUSES:
        raise _Bad(f"{name}.status must be one of {', '.join(_STATUSES)}")
    path = _text(entry, "path", f"{name}.path")
    if not path:
        raise _Bad(f"{name}.path is empty")
    added, deleted = (_count(entry.get(key), f"{name}.{key}") for key in ("additions", "deletions"))
    return FileChange(path=path, status=cast(Status, status), additions=added, deletions=deleted)


def _count(value: object, name: str) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 63):
        raise _Bad(f"{name} must be a number of lines or null")
    return value


def _repo(line: dict[str, Any]) -> str:
    try:
        return canonical(_text(line, "repo"))
    except ValueError as error:
        raise _Bad(f"repo: {error}") from None


def _sha(text: str, name: str) -> str:
    if not _SHA.fullmatch(text.lower()):
        raise _Bad(f"{name} must be 40 or 64 hex digits")
    return text.lower()


def _parents(line: dict[str, Any]) -> tuple[str, ...] | None:
    return None if line.get("parents") is None else tuple(_sha(text, "parents") for text in _texts(line, "parents"))


def _author(line: dict[str, Any]) -> Person:
    """`Name`, `Name <mail>` or an object with `name` and `email`."""
    author = line.get("author")
    if isinstance(author, dict):
        email = _text(author, "email", "author.email") if author.get("email") is not None else ""
        return Person(name=clean(_text(author, "name", "author.name")).strip(), email=clean(email).strip())
    name, _, email = clean(_text(line, "author")).partition("<")
    return Person(name=name.strip(), email=email.strip().removesuffix(">").strip())


def _date(line: dict[str, Any], field: str) -> tuple[datetime, tuple[str, ...]]:
    text = _text(line, field)
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise _Bad(f"{field} needs an offset, such as Z or +08:00")
        clamped = min(max(instant, EARLIEST), LATEST)
    except (ValueError, OverflowError):
        raise _Bad(f"{field} must be an ISO date and time with an offset") from None
    return clamped.astimezone(EARLIEST.tzinfo), () if clamped == instant else ("clamped-date",)


def _texts(line: dict[str, Any], field: str) -> list[str]:
    found = _list(line, field)
    if not all(isinstance(text, str) for text in found):
        raise _Bad(f"{field} must be a list of texts")
    return [_valid(text) for text in found]


def _list(line: dict[str, Any], field: str) -> list[Any]:
    found = line.get(field)
    if not isinstance(found, list):
        raise _Bad(f"{field} must be a list")
    return found


def _text(line: dict[str, Any], field: str, name: str | None = None) -> str:
    found = line.get(field)
    if not isinstance(found, str):
        raise _Bad(f"{name or field} is missing" if found is None else f"{name or field} must be a text")
    return _valid(found)


def _valid(text: str) -> str:
    """JSON can name halves of characters, which nothing can store."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
