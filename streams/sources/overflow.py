"""Where what is too large for an event goes: it is kept before the event is said, and read in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from schemas.commits import FileChange


class PatchPiece(NamedTuple):
    """A piece of one file's patch; `begin` is where it begins in the whole patch, in bytes: sorted they read on."""

    begin: int
    path: str
    text: str


class Overflow(Protocol):
    """Keeps files and patch beyond the limits of an event. Repeating a call changes nothing."""

    def keep_files(self, repo: str, sha: str, first: int, files: Sequence[FileChange]) -> None:
        """Files of a commit; `first` is the position of the first of them among all of the commit's files."""
        ...

    def keep_patch(self, repo: str, sha: str, pieces: Sequence[PatchPiece]) -> None:
        """Pieces of a commit's patch."""
        ...


class MemoryOverflow:
    """Keeps everything in dictionaries."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, str], dict[int, FileChange]] = {}
        self.pieces: dict[tuple[str, str], dict[int, tuple[str, str]]] = {}

    def keep_files(self, repo: str, sha: str, first: int, files: Sequence[FileChange]) -> None:
        self.files.setdefault((repo, sha), {}).update(enumerate(files, first))

    def keep_patch(self, repo: str, sha: str, pieces: Sequence[PatchPiece]) -> None:
        self.pieces.setdefault((repo, sha), {}).update({begin: (path, text) for begin, path, text in pieces})
