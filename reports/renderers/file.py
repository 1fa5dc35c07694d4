"""What a renderer makes: named texts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """A file's name, without a directory, and its whole text."""

    name: str
    text: str
