"""What commits changed: the output of `git diff-tree --stdin`, read in bounded memory.

Each commit is its sha on a line, the raw lines of its files (paths quoted as C strings), an empty line and the patch.
A line of a patch's content begins with a blank, "+", "-" or "\\", so nothing in a file can look like a header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from agents.analyzers.paths import rank
from schemas.commits import FileChange, Status
from streams.sources.git import READ_BYTES, Stream
from streams.sources.patch import Patch

DIFF_TREE = (
    *("diff-tree", "--stdin", "--always", "-r", "--root", "--raw", "-p", "-M50%", "-l1000", "-U3", "--abbrev=12"),
    *("--inter-hunk-context=0", "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--submodule=short", "--ignore-submodules=none"),
    *("--diff-algorithm=default", "--indent-heuristic"),
)
PIECE = 64 * 1024  # bytes of patch that are handed on at once
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_CONTROLS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_STATUSES: dict[bytes, Status] = {b"A": "A", b"M": "M", b"D": "D", b"R": "R", b"C": "C", b"T": "T"}
_SECTION = b"\ndiff --git "
_END = 128  # bytes: more than what ends a section has, part of which may have arrived


@dataclass(slots=True)
class Change:
    """A file of a commit while it is being counted. A binary file whose content stays the same changes 0 lines."""

    path: str
    status: Status
    old_path: str | None
    old_mode: str
    new_mode: str
    rank: int
    additions: int | None = 0
    deletions: int | None = 0

    def file(self) -> FileChange:
        return FileChange(
            path=self.path,
            status=self.status,
            old_path=self.old_path,
            additions=self.additions,
            deletions=self.deletions,
            old_mode=self.old_mode,
            new_mode=self.new_mode,
        )


class Diffs:
    """The diffs of `shas`, one after the other; read them all."""

    def __init__(self, running: Stream, shas: Sequence[str]) -> None:
        self._running = running
        self._headers = iter([f"{sha}\n".encode() for sha in shas])
        self._next = next(self._headers, b"")
        self._output = Output(running.stdout)

    def read(self, patch: Patch) -> list[Change]:
        """The changes of the next commit in git's order, counted; `patch` takes their patch."""
        if self._output.line() != self._next:
            raise self._running.failure()
        self._next = next(self._headers, b"")
        changes = []
        while self._output.starts_with(b":"):
            changes.append(parse_raw(self._output.line()))
        if changes:
            self._output.line()
            _read_sections(self._output, changes, patch, b"\n" + self._next if self._next else b"")
        if self._output.ended:
            self._running.finish()  # what was cut short must not pass for a whole patch
        return changes


def _read_sections(output: Output, changes: Sequence[Change], patch: Patch, end: bytes) -> None:
    """One commit's patch: a section for each change in order, two (a deletion, a creation) for a type change."""
    sections = (c for change in changes for c in ([change] * (2 if change.status == "T" else 1)))
    for change in sections:
        counter = _Counter(change)
        for piece in output.section(_SECTION, end):
            counter.take(piece)
            patch.add(change.rank, change.path, piece)


class _Counter:
    """Counts a section's lines as the patch has them."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._in_hunk = False
        self._at_line = True

    def take(self, piece: bytes) -> None:
        begin = self._skip_header(piece)
        if begin is not None:
            self._add(piece.count(b"\n+", begin), piece.count(b"\n-", begin))
        self._at_line = piece.endswith(b"\n")

    def _skip_header(self, piece: bytes) -> int | None:
        """Where the content begins: the header names files behind "+++" and "---"."""
        if self._in_hunk:
            if self._at_line:
                self._add(piece.startswith(b"+"), piece.startswith(b"-"))
            return 0
        begin = 0 if piece.startswith(b"@@ ") else piece.find(b"\n@@ ")
        self._in_hunk = begin >= 0
        if not self._in_hunk and b"\nBinary files " in piece:
            self._change.additions = self._change.deletions = None
        return begin if self._in_hunk else None

    def _add(self, additions: int, deletions: int) -> None:
        change = self._change
        if change.additions is not None and change.deletions is not None:
            change.additions += additions
            change.deletions += deletions


class Output:
    """A process's output in a window that slides over it."""

    def __init__(self, stdout: IO[bytes]) -> None:
        self._stdout = stdout
        self._data = b""
        self._position = 0
        self.ended = False

    def line(self) -> bytes:
        """The next line with its newline, empty at the end."""
        while (end := self._data.find(b"\n", self._position)) < 0 and self._fill():
            pass
        return self._take(end + 1 if end >= 0 else len(self._data))

    def starts_with(self, prefix: bytes) -> bool:
        while len(self._data) - self._position < len(prefix) and self._fill():
            pass
        return self._data.startswith(prefix, self._position)

    def section(self, *ends: bytes) -> Iterator[bytes]:
        """What comes up to the first of `ends`, each of which begins with the newline that still belongs to it.

        In pieces of at most PIECE bytes that end with a line, or at least with a character when a line is longer. Where
        it is cut depends on the content alone: read again, it comes in the same pieces.
        """
        while True:
            stop = self._first_of(ends)
            known = stop >= 0 or self.ended
            length = (stop + 1 if stop >= 0 else len(self._data)) - self._position
            if length > (PIECE if known else PIECE + _END):
                yield self._take(self._cut())
            elif known:
                yield self._take(self._position + length)
                return
            else:
                self._fill()

    def _first_of(self, ends: Iterable[bytes]) -> int:
        first, limit = -1, len(self._data)
        for end in filter(None, ends):
            if (found := self._data.find(end, self._position, limit)) >= 0:
                first, limit = found, found
        return first

    def _cut(self) -> int:
        limit = self._position + PIECE
        end = self._data.rfind(b"\n", self._position, limit) + 1
        return end or limit - _incomplete(self._data[limit - 4 : limit])

    def _take(self, end: int) -> bytes:
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def _fill(self) -> bool:
        more = self._stdout.read1(READ_BYTES)  # type: ignore[attr-defined]
        self._data = self._data[self._position :] + more
        self._position = 0
        self.ended = not more
        return bool(more)


def _incomplete(data: bytes) -> int:
    """How many bytes at the end begin a UTF-8 character that needs more."""
    for back in range(1, min(4, len(data) + 1)):
        byte = data[-back]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if back < needed else 0
        if byte < 0x80:
            break
    return 0


def parse_raw(line: bytes) -> Change:
    """One line of `--raw`: `:OLD_MODE NEW_MODE OLD NEW STATUS<tab>PATH[<tab>NEW_PATH]`."""
    head, *paths = line.rstrip(b"\n").split(b"\t")
    old_mode, new_mode, _, _, status = head[1:].split(b" ")
    path = unquote(paths[-1])
    old_path = unquote(paths[0]) if len(paths) > 1 else None
    return Change(path, _STATUSES[status[:1]], old_path, old_mode.decode(), new_mode.decode(), rank(path))


def unquote(path: bytes) -> str:
    """A path as git prints it: in quotes, with escapes, when it holds anything unusual."""
    if path.startswith(b'"'):
        path = _ESCAPE.sub(_unescape, path[1:-1])
    return path.decode("utf-8", "replace")


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8)]) if len(code) == 3 else _CONTROLS.get(code, code)
