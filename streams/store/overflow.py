"""The overflow port over the store: files and patch that are too large for an event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from schemas.commits import FileChange
from streams.sources.overflow import PatchPiece
from streams.store.rows import Row, file_overflow
from streams.store.tables import FILE_OVERFLOW, PATCH_OVERFLOW, Relation


class StoreOverflow:
    """Called from any thread but the store's own; each call returns when its rows are durable."""

    def __init__(self, insert: Callable[[Relation, Iterable[Row]], None]) -> None:
        self._insert = insert

    def keep_files(self, repo: str, sha: str, first: int, files: Sequence[FileChange]) -> None:
        """Files of a commit; `first` is the position of the first of them among all of the commit's files."""
        self._insert(FILE_OVERFLOW, (file_overflow(repo, sha, at, file) for at, file in enumerate(files, first)))

    def keep_patch(self, repo: str, sha: str, pieces: Sequence[PatchPiece]) -> None:
        """Pieces of a commit's patch."""
        self._insert(PATCH_OVERFLOW, ((repo, sha, *piece) for piece in pieces))
