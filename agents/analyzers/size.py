"""Whether a change is large to review: what is generated is not reviewed line by line."""

from __future__ import annotations

from collections.abc import Sequence

from agents.analyzers.facts import Classified
from schemas.analyses import Facts, FileKind

_LARGE_LINES = 600
_LARGE_FILES = 25
_UNREVIEWED = (FileKind.GENERATED, FileKind.ASSET)


def is_large(facts: Facts, files: Sequence[Classified]) -> bool:
    """Whether its lines or files, without the generated ones, are many."""
    skipped = [entry for entry in files if entry.path.kind in _UNREVIEWED]
    lines = (facts.additions or 0) + (facts.deletions or 0) - sum(entry.lines for entry in skipped)
    return lines >= _LARGE_LINES or (facts.files or 0) - len(skipped) >= _LARGE_FILES
