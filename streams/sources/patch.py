"""The part of a patch that travels in an event: the most relevant files first, cut where a file, hunk or line ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from schemas.commits import PATCH_LIMIT
from streams.sources.overflow import PatchPiece

Spill = Callable[[Sequence[PatchPiece]], None]
SPILLED_TOGETHER = 1024 * 1024  # characters that wait for one another, so that many small files are kept in one go


@dataclass(frozen=True, slots=True, order=True)
class _Worst:
    """A kept piece; the least relevant one is the smallest."""

    rank: int  # negative
    begin: int  # negative
    path: str
    text: str
    size: int

    @property
    def place(self) -> tuple[int, int]:
        return -self.rank, -self.begin


class Patch:
    """Takes a patch piece by piece, keeps at most `limit` bytes of UTF-8 of it and spills the others.

    What is spilled waits for up to SPILLED_TOGETHER characters; `finish` spills the rest.
    """

    def __init__(self, spill: Spill, limit: int = PATCH_LIMIT) -> None:
        self.size = 0  # bytes of UTF-8 so far
        self._spill = spill
        self._room = limit
        self._kept: list[_Worst] = []
        self._end: tuple[int, int] | None = None  # nothing at or behind this place is kept
        self._waiting: list[PatchPiece] = []
        self._waits = 0

    def add(self, rank: int, path: str, data: bytes) -> None:
        """The next bytes of the file's patch, ending with a whole line unless the line is longer than a piece."""
        if not data:
            return
        text = data.decode("utf-8", "replace")
        begin, size = self.size, len(text) if text.isascii() else len(text.encode())
        self.size += size
        if self._end is not None and (rank, begin) >= self._end:
            self._beyond(PatchPiece(begin, path, text))
            return
        heappush(self._kept, _Worst(-rank, -begin, path, text, size))
        self._room -= size
        while self._room < 0:
            self._evict(heappop(self._kept))

    def finish(self) -> None:
        """Spill what waits."""
        if self._waiting:
            self._spill(self._waiting)
            self._waiting, self._waits = [], 0

    def _beyond(self, piece: PatchPiece) -> None:
        self._waiting.append(piece)
        self._waits += len(piece.text)
        if self._waits >= SPILLED_TOGETHER:
            self.finish()

    def text(self) -> str:
        """What was kept, most relevant first."""
        if len(self._kept) == 1:
            return self._kept[0].text
        return "".join(piece.text for piece in sorted(self._kept, reverse=True))

    def _evict(self, piece: _Worst) -> None:
        """Keep the beginning of the least relevant piece as far as there is room."""
        self._end = piece.place
        self._room += piece.size
        head, tail = _cut(piece.text, self._room)
        begin = -piece.begin + (size := len(head.encode()))
        if head:
            heappush(self._kept, _Worst(piece.rank, piece.begin, piece.path, head, size))
            self._room -= size
            self._end = (-piece.rank, begin)
        self._beyond(PatchPiece(begin, piece.path, tail))


def _cut(text: str, room: int) -> tuple[str, str]:
    """Split before the last hunk, else after the last line, that fits into `room` bytes."""
    data = text.encode()
    if room <= 0:
        return "", text
    head = data[:room]
    hunk, line = head.rfind(b"\n@@ "), head.rfind(b"\n")
    # a hunk's beginning says where it stands: half of the room is a fair price for an end that is no riddle
    end = (hunk if hunk > room // 2 else line) + 1
    return data[:end].decode(), data[end:].decode()
