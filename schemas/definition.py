"""A definition: what a named report is about. A name is bound to its definition."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.model import Frozen

Language = Literal["zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")
NAME_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$"


class Source(Frozen):
    """One branch of one repository; `branch` is "-" for commits that come from a file."""

    repo: str
    branch: str


class Definition(Frozen):
    name: str = Field(pattern=NAME_PATTERN)
    sources: tuple[Source, ...]
    zone: str
    language: Language
    profile: str = "default"

    @property
    def repos(self) -> frozenset[str]:
        return frozenset(source.repo for source in self.sources)
