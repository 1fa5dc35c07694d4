"""The words of titles and what they mean, read once from titles.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from schemas.analyses import ChangeType

_SEPARATORS = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`prefixes`, `emoji`, `verbs` and `anywhere` map a lower-case word to the type that it names."""

    prefixes: Mapping[str, ChangeType]
    emoji: Mapping[str, ChangeType]
    verbs: Mapping[str, ChangeType]
    anywhere: Mapping[str, ChangeType]
    breaking: frozenset[str]
    empty: frozenset[str]
    phrases: tuple[tuple[ChangeType, re.Pattern[str]], ...]
    security_title: re.Pattern[str]
    security_words: re.Pattern[str]


def plain(word: str) -> str:
    """Lower case, "-" and "_" read as spaces: the form in which words are compared."""
    return _SEPARATORS.sub(" ", word.casefold()).strip()


@cache
def vocabulary() -> Vocabulary:
    """The shipped vocabulary."""
    data = tomllib.loads(files("agents.analyzers").joinpath("titles.toml").read_text("utf-8"))
    return Vocabulary(
        prefixes=_by_word(data["prefixes"]),
        emoji=_by_word(data["emoji"]),
        verbs=_by_word(data["verbs"]),
        anywhere=_by_word(data["anywhere"]),
        breaking=frozenset(data["marks"]["breaking"]),
        empty=frozenset(data["marks"]["empty"]),
        phrases=tuple(_compiled(data["phrases"])),
        security_title=re.compile(data["security"]["title"]),
        security_words=re.compile(data["security"]["words"]),
    )


def _by_word(table: Mapping[str, list[str]]) -> dict[str, ChangeType]:
    return {word: ChangeType(name) for name, words in table.items() for word in words}


def _compiled(entries: Iterable[Mapping[str, Any]]) -> Iterable[tuple[ChangeType, re.Pattern[str]]]:
    for entry in entries:
        yield ChangeType(entry["type"]), re.compile("|".join(f"(?:{pattern})" for pattern in entry["patterns"]))
