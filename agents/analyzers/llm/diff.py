"""What of a diff a model sees: what matters most first, within a number of tokens, in one part or in several."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise
from typing import TypeAlias

from agents.analyzers.llm.fence import visible
from agents.analyzers.llm.secrets import mask
from agents.analyzers.paths import rank
from agents.llm.tokens import cut, estimate
from schemas.commits import CommitObserved, FileChange

Pieces: TypeAlias = Callable[[], AsyncIterator[tuple[str, str]]]

LEFT_OUT_LIMIT = 20  # paths that an event names
_LINE = 400  # characters of a line that a model sees
_READ_LIMIT = 64 * 1024 * 1024  # characters of overflow that are looked through
_SHARE = 0.5  # of all room that one file may take while others wait
_REMEMBERED = 10_000  # paths that were dropped
_CHARACTERS = 4  # in a token, at most, for what is kept in memory
_SECTION = re.compile(r"^diff --git ", re.M)
_HUNK = re.compile(r"^@@ ", re.M)
_NEW, _OLD = re.compile(r"^\+\+\+ (.+?)\t?$", re.M), re.compile(r"^--- (.+?)\t?$", re.M)
_RENAMED, _HEADER = re.compile(r"^rename to (.+)$", re.M), re.compile(r"diff --git (\"?)a/.* \1b/(.+)\1$", re.M)
_ESCAPE = re.compile(r"\\([0-7]{3}|.)")
_CONTROLS = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_PIECES = 8  # of which a part is filled, so that little room is wasted at its end
_LEAST = 50  # tokens of a piece: less would break lines


@dataclass(frozen=True, slots=True)
class Room:
    """Tokens of diff in one question, and the number of questions at most."""

    tokens: int
    parts: int

    @property
    def characters(self) -> int:
        """What all parts can hold at most."""
        return self.tokens * self.parts * _CHARACTERS


@dataclass(frozen=True, slots=True)
class Shown:
    """What a model will see. `left_out` names the files that are not shown, or not whole, the weightiest first."""

    parts: tuple[str, ...]
    left_out: tuple[str, ...]
    left_out_total: int
    masked: int


@dataclass(slots=True)
class _File:
    path: str
    order: int
    text: str = ""
    whole: bool = True


class Pool:
    """Patches by path, the weightiest ones up to a number of characters; what is lighter makes room for them."""

    def __init__(self, limit: int) -> None:
        self.files: dict[str, _File] = {}
        self.dropped: set[str] = set()
        self._limit = limit
        self._size = 0
        self._lightest: list[tuple[int, int, str]] = []  # a heap
        self._count = 0

    def add(self, path: str, text: str) -> None:
        """The next text of the file's patch."""
        if path in self.dropped:
            return
        file = self.files.get(path) or self._begin(path)
        room = max(0, self._limit - len(file.text))
        file.whole = file.whole and len(text) <= room
        file.text += text[:room]
        self._size += min(len(text), room)
        while self._size > self._limit and len(self.files) > 1:
            self._drop()

    def _begin(self, path: str) -> _File:
        file = self.files[path] = _File(path, rank(path))
        self._count += 1
        heappush(self._lightest, (-file.order, -self._count, path))
        return file

    def _drop(self) -> None:
        """The last of the lightest files."""
        path = heappop(self._lightest)[2]
        self._size -= len(self.files.pop(path).text)
        if len(self.dropped) < _REMEMBERED:
            self.dropped.add(path)


async def collect(commit: CommitObserved, pieces: Pieces | None, room: Room) -> Pool:
    """The weightiest patches of a commit, from its event and from what overflowed, twice as much as there is room."""
    pool = Pool(room.characters * 2)
    for path, text in sections(commit.patch):
        pool.add(path, text)
    if pieces is None or commit.patch_bytes <= len(commit.patch.encode("utf-8", "replace")):
        return pool
    read = 0
    async for path, text in pieces():
        pool.add(path, text)
        read += len(text)
        if read > _READ_LIMIT:
            break
    return pool


def sections(patch: str) -> Iterator[tuple[str, str]]:
    """The patch file by file, with its path."""
    begins = [match.start() for match in _SECTION.finditer(patch)]
    for begin, end in pairwise([*begins, len(patch)]):
        text = patch[begin:end]
        yield _path_of(text[: _first_hunk(text)]), text


def _first_hunk(text: str) -> int:
    match = _HUNK.search(text)
    return match.start() if match else len(text)


def _path_of(header: str) -> str:
    """The path that a section's header names, the new one where there are two."""
    for pattern, prefix in ((_NEW, "b/"), (_OLD, "a/"), (_RENAMED, "")):
        match = pattern.search(header)
        if match and match[1] != "/dev/null":
            return _unquoted(match[1]).removeprefix(prefix)
    match = _HEADER.match(header)
    return _unquoted(f'"{match[2]}"' if match[1] else match[2]) if match else ""


def _unquoted(path: str) -> str:
    """A path as git writes it: in quotes with octal bytes where it has unusual characters."""
    if not (path.startswith('"') and path.endswith('"')):
        return path
    text = _ESCAPE.sub(lambda match: _escaped(match[1]), path[1:-1])
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def _escaped(code: str) -> str:
    return chr(int(code, 8) & 255) if len(code) == 3 else chr(_CONTROLS.get(code, ord(code)))


def show(commit: CommitObserved, pool: Pool, room: Room) -> Shown:
    """The parts of the diff, within `room`."""
    files = sorted(pool.files.values(), key=lambda file: file.order)  # stable: the event's order within a kind
    masked, texts = 0, {}
    for file in files:
        clean = mask(file.text)
        masked += clean.secrets
        texts[file.path] = _lines(visible(clean.text))
    if sum(map(estimate, texts.values())) > room.tokens:
        texts = {path: without_context(text) for path, text in texts.items()}
    packer = _Packer(room, len(texts))
    for path, text in texts.items():
        packer.add(path, text)
    parts = packer.parts()
    shown = {path for path in packer.whole if pool.files[path].whole}
    left = _left_out(commit, pool, shown)
    return Shown(parts, tuple(left[:LEFT_OUT_LIMIT]), _left_out_total(commit, left, shown), masked)


def _lines(text: str) -> str:
    """The text with long lines cut, saying so."""
    if all(len(line) <= _LINE for line in text.split("\n")):
        return text
    return "\n".join(line if len(line) <= _LINE else f"{line[:_LINE]}… [line cut]" for line in text.split("\n"))


def without_context(text: str) -> str:
    """The section without the context of its hunks: their headers say where they stand."""
    first = _first_hunk(text)
    kept = [line for line in text[first:].split("\n") if line[:1] in ("+", "-", "@")]
    return text[:first] + "".join(f"{line}\n" for line in kept)


class _Packer:
    """Fills parts with pieces of sections, in order; what has no room waits for the end."""

    def __init__(self, room: Room, files: int) -> None:
        self.whole: set[str] = set()  # paths of which everything was packed
        self._room = room
        self._share = int(room.tokens * room.parts * (_SHARE if files > 1 else 1))
        self._parts: list[list[str]] = [[]]
        self._used = 0
        self._waiting: list[tuple[str, str, list[str]]] = []

    def add(self, path: str, text: str) -> None:
        """A file's section, as much of it as one file may take while others wait."""
        first = _first_hunk(text)
        pieces = list(_cut_up(text[:first], text[first:], max(_LEAST, self._room.tokens // _PIECES)))
        self._put(path, text.partition("\n")[0], pieces, self._share)

    def parts(self) -> tuple[str, ...]:
        """The filled parts; what waited takes the room that is left."""
        waiting, self._waiting = self._waiting, []
        for path, name, pieces in waiting:
            self._put(path, name, pieces, self._room.tokens * self._room.parts)
        return tuple("".join(part) for part in self._parts if part)

    def _put(self, path: str, name: str, pieces: list[str], allowance: int) -> None:
        for number, piece in enumerate(pieces):
            cost = estimate(piece)
            if cost > allowance or not self._has_room(cost + estimate(name)):
                self._waiting.append((path, name, pieces[number:]))
                return
            begun = piece.startswith("diff --git ") or (number and self._parts[-1])
            text = piece if begun else f"{name}\n{piece}"
            self._parts[-1].append(text)
            self._used += estimate(text)
            allowance -= cost
        self.whole.add(path)

    def _has_room(self, cost: int) -> bool:
        """Whether so many tokens fit, into a new part if need be."""
        if self._used + cost > self._room.tokens and self._used and len(self._parts) < self._room.parts:
            self._parts.append([])
            self._used = 0
        return self._used + cost <= self._room.tokens


def _cut_up(header: str, hunks: str, limit: int) -> Iterator[str]:
    """The header with the first hunk, then hunk by hunk; none larger than `limit` tokens unless a line is."""
    begins = [match.start() for match in _HUNK.finditer(hunks)] or [0]
    for number, (begin, end) in enumerate(pairwise([*begins, len(hunks)])):
        rest = (header if number == 0 else "") + hunks[begin:end]
        while rest:
            piece = cut(rest, limit) or rest[:limit]
            yield piece
            rest = rest[len(piece) :]


def _left_out(commit: CommitObserved, pool: Pool, whole: set[str]) -> list[str]:
    """The known paths with changes of text that are not shown whole, the weightiest first."""
    known = [file.path for file in commit.files if _has_text(file)]
    paths = dict.fromkeys([*known, *pool.files, *sorted(pool.dropped)])
    left = [path for path in paths if path and path not in whole]
    return sorted(left, key=rank)


def _left_out_total(commit: CommitObserved, left: Sequence[str], whole: set[str]) -> int:
    """How many files are not shown whole, among them those whose names are not known here."""
    beyond = max(0, (commit.files_total or 0) - len(commit.files))
    known = {file.path for file in commit.files}
    found = sum(path not in known for path in (*left, *whole))
    return len(left) + max(0, beyond - found)


def _has_text(file: FileChange) -> bool:
    """Whether the diff shows more of the file than its line in the list of files says."""
    return bool(file.additions or file.deletions)


def listed(files: Sequence[FileChange], total: int | None, tokens: int) -> str:
    """The changed files, one on a line, as many as fit; renames, modes and binary files say here all there is."""
    lines: list[str] = []
    for file in sorted(files, key=lambda file: rank(file.path)):
        line = visible(_statement(file)).replace("\n", " ")
        tokens -= estimate(line) + 1
        if tokens < 0:
            break
        lines.append(line)
    more = max(total or 0, len(files)) - len(lines)
    return mask("\n".join([*lines, *([f"(+{more} more files)"] if more else [])])).text


def _statement(file: FileChange) -> str:
    """`M path +3 -1`, `R old -> new`, or what else can be said of a file on a line."""
    name = f"{file.old_path} -> {file.path}" if file.old_path else file.path
    if file.is_submodule:
        return f"{file.status} {name} (submodule)"
    if file.is_mode_only:
        return f"{file.status} {name} (mode {file.old_mode} -> {file.new_mode})"
    if file.additions is None or file.deletions is None:
        return f"{file.status} {name} (binary)"
    return f"{file.status} {name} +{file.additions} -{file.deletions}"
