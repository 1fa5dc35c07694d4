"""Commit objects as git stores them: anything can stand in them, and something is made of everything."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.commits import Person
from schemas.day import EARLIEST, LATEST, clamp
from schemas.errors import SourceFailed
from streams.sources.git import Git
from streams.sources.message import clean

_DATE = re.compile(rb"\s*(\d+)")
# They decode to what is no text, or take far too long.
_REFUSED = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "unicode_escape", "raw_unicode_escape"}


@dataclass(frozen=True, slots=True)
class CommitObject:
    """One commit as its author wrote it. `notes` are those of CommitObserved."""

    sha: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    authored_at: datetime
    committed_at: datetime
    message: str
    notes: tuple[str, ...] = ()


def read_objects(git: Git, shas: Sequence[str]) -> Iterator[CommitObject]:
    """The commits of these shas, in their order. Raises SourceFailed when one is missing or is no commit."""
    with git.stream("cat-file", "--batch", "--buffer", stdin="".join(f"{sha}\n" for sha in shas).encode()) as running:
        for sha in shas:
            header = running.stdout.readline().split()
            if not header:
                raise running.failure()
            if header[1:2] != [b"commit"]:
                raise SourceFailed(f"{sha} is no commit of this repository")
            data = running.stdout.read(int(header[2]) + 1)[:-1]
            yield parse_object(header[0].decode(), data)


def git_epoch(seconds: int) -> int:
    """The date git works with: what does not fit into its number counts as 1970."""
    return seconds if seconds < 1 << 63 else 0


def parse_object(sha: str, data: bytes) -> CommitObject:
    """Take a commit object apart."""
    head, _, message = data.partition(b"\n\n")
    parents: list[str] = []
    fields: dict[bytes, bytes] = {}
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        if name == b"parent":
            parents.append(value.decode("ascii", "replace"))
        else:
            fields.setdefault(name, value)
    notes: dict[str, None] = {}
    decode = _Decoder(fields.get(b"encoding", b""), notes)
    author, authored_at = _signature(fields.get(b"author", b""), decode, notes)
    committer, committed_at = _signature(fields.get(b"committer", b""), decode, notes)
    text = decode(message)
    return CommitObject(sha, tuple(parents), author, committer, authored_at, committed_at, text, tuple(notes))


class _Decoder:
    """Bytes to text: as UTF-8, or as the commit's own encoding says."""

    def __init__(self, encoding: bytes, notes: dict[str, None]) -> None:
        self._encoding = encoding.decode("ascii", "replace").strip()
        self._notes = notes

    def __call__(self, data: bytes) -> str:
        try:
            text = data.decode() if not self._encoding else self._declared(data)
        except (LookupError, ValueError):
            text = self._repaired(data)
        if "\0" in text:
            self._notes["nul"] = None
            text = text.replace("\0", "\ufffd")
        return text

    def _declared(self, data: bytes) -> str:
        if codecs.lookup(self._encoding).name in _REFUSED:
            raise LookupError(self._encoding)
        # some codecs let half characters through
        return data.decode(self._encoding).encode("utf-8", "replace").decode()

    def _repaired(self, data: bytes) -> str:
        text = data.decode("utf-8", "replace")
        if text.encode() != data:
            self._notes["not-utf8"] = None
        return text


def _signature(line: bytes, decode: _Decoder, notes: dict[str, None]) -> tuple[Person, datetime]:
    who, _, when = line.rpartition(b">")
    name, _, email = who.partition(b"<")
    digits = _DATE.match(when)
    epoch = git_epoch(int(digits[1])) if digits and len(digits[1]) < 40 else 0
    instant = clamp(epoch)
    if not digits or instant in (EARLIEST, LATEST):
        notes["clamped-date"] = None
    person = Person(name=clean(decode(name)).strip(), email=clean(decode(email)).strip())
    return person, instant
