"""A report in parts: which commits stand on which page, so that each page keeps below a number of bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from reports.renderers.commit import Piece
from schemas.scores import TIERS, Tier


def folds(pieces: Iterable[Piece]) -> list[tuple[Tier, ...]]:
    """The tiers that the first page gives up, step by step: none, the lowest, …, all that there are."""
    there = {piece.tier for piece in pieces}
    tiers = [tier for tier in TIERS if tier in there]
    return [tuple(tiers[kept:]) for kept in range(len(tiers), -1, -1)]


def split(pieces: Sequence[Piece], folded: tuple[Tier, ...], budget: int, room: int = 0) -> list[list[Piece]]:
    """The first page's pieces, then those of each further page; a piece larger than the budget has its own page.

    `room` is the number of bytes of folded pieces that the first page can hold nevertheless.
    """
    first = [piece for piece in pieces if piece.tier not in folded]
    rest = sorted((piece for piece in pieces if piece.tier in folded), key=lambda piece: TIERS.index(piece.tier))
    kept = 0
    while kept < len(rest) and rest[kept].size <= room:
        room -= rest[kept].size
        kept += 1
    return [[*first, *rest[:kept]], *pack(rest[kept:], budget)]


def pack(pieces: Iterable[Piece], budget: int) -> list[list[Piece]]:
    """The pieces in their order, filled into pages of at most `budget` bytes."""
    pages: list[list[Piece]] = []
    left = 0
    for (repo, _), run in groupby(pieces, key=lambda piece: (piece.repo, piece.tier)):
        heading = 20 * len(repo.encode()) + 800  # what a page spends on naming the repository and its tier
        left -= heading
        for piece in run:
            if not pages or piece.size > left:
                pages.append([])
                left = budget - heading
            pages[-1].append(piece)
            left -= piece.size
    return pages


@dataclass(frozen=True, slots=True)
class Places:
    """Where each commit stands: the files by part, from 1, and the part of each commit's anchor."""

    names: tuple[str, ...]
    parts: Mapping[str, int]

    def name(self, part: int) -> str:
        return self.names[part - 1]

    def href(self, anchor: str, here: int) -> str:
        """The target of a link that stands in the part `here`."""
        part = self.parts[anchor]
        return f"#{anchor}" if part == here else f"{self.name(part)}#{anchor}"

    def counts(self, anchors: Iterable[str]) -> dict[int, int]:
        """How many of the anchors stand in which part."""
        return dict(sorted(Counter(self.parts[anchor] for anchor in anchors).items()))
