"""What a path says of itself: kind, language, area and marks, by the rules of paths.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal

from schemas.analyses import FileKind

Mark = Literal["dependency", "build", "workflow", "security", "migration", "api", "performance"]

ROOT = "."
_CACHED = 20_000  # paths: the same ones change again and again
_PATH_LIMIT = 1_000  # characters of a path that are read
_NEVER = re.compile(r"(?!)")
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z0-9]+")
_RANKS = {
    **dict.fromkeys(FileKind, 2),  # docs, configuration, build, workflows, manifests
    FileKind.SOURCE: 0,
    FileKind.TEST: 1,
    FileKind.ASSET: 3,
    FileKind.GENERATED: 4,
}


@dataclass(frozen=True, slots=True)
class PathFacts:
    """`language` is None where the ending names none; `area` is the first one or two directories, or "."."""

    kind: FileKind
    language: str | None
    area: str
    marks: frozenset[Mark]


@dataclass(frozen=True, slots=True)
class _Parts:
    path: str
    directories: frozenset[str]
    name: str
    stem: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Rule:
    directories: frozenset[str]
    names: frozenset[str]
    stems: frozenset[str]
    endings: tuple[str, ...]
    words: frozenset[str]
    pattern: re.Pattern[str]

    def fits(self, parts: _Parts) -> bool:
        return (
            parts.name in self.names
            or parts.stem in self.stems
            or not self.directories.isdisjoint(parts.directories)
            or not self.words.isdisjoint(parts.words)
            or parts.name.endswith(self.endings)
            or self.pattern.search(parts.path) is not None
        )


@dataclass(frozen=True, slots=True)
class _MarkRule:
    """A mark for paths of the kinds `always`, and for those of the kinds `of` (empty: every kind) that fit the rule."""

    mark: Mark
    always: frozenset[FileKind]
    of: frozenset[FileKind]
    rule: _Rule

    def fits(self, kind: FileKind, parts: _Parts) -> bool:
        return kind in self.always or ((not self.of or kind in self.of) and self.rule.fits(parts))


@dataclass(frozen=True, slots=True)
class _Rules:
    kinds: tuple[tuple[FileKind, _Rule], ...]
    marks: tuple[_MarkRule, ...]
    endings: Mapping[str, str]
    names: Mapping[str, str]


@lru_cache(maxsize=_CACHED)
def classify(path: str) -> PathFacts:
    """What the path says; never fails. Known paths are remembered."""
    rules, parts = _rules(), _split(path[-_PATH_LIMIT:])
    language = _language(parts, rules)
    kind = _kind(parts, rules, language)
    marks = frozenset(entry.mark for entry in rules.marks if entry.fits(kind, parts))
    return PathFacts(kind, language, area_of(path), marks)


def rank(path: str) -> int:
    """Which files of a commit a reader, or a model with little room, should see first: 0 before all others."""
    return _RANKS[classify(path).kind]


def area_of(path: str) -> str:
    """The path's first one or two directories, "." for the root: `lib/llm`, `.github/workflows`, `src`."""
    return "/".join(path.split("/", 3)[:-1][:2])[:_PATH_LIMIT] or ROOT


def _kind(parts: _Parts, rules: _Rules, language: str | None) -> FileKind:
    for kind, rule in rules.kinds:
        if rule.fits(parts):
            return kind
    return FileKind.SOURCE if language else FileKind.OTHER


def _language(parts: _Parts, rules: _Rules) -> str | None:
    stem, _, ending = parts.name.rpartition(".")
    by_name = rules.names.get(parts.name) or rules.names.get(parts.stem)
    return by_name or (rules.endings.get(ending) if stem else None)


def _split(path: str) -> _Parts:
    directory, _, name = path.rpartition("/")
    directories, words = _directory(directory)
    lower = name.lower()
    return _Parts(f"/{path.lower()}", directories, lower, lower.split(".", 1)[0], words.union(_words(name)))


@lru_cache(maxsize=_CACHED)
def _directory(directory: str) -> tuple[frozenset[str], frozenset[str]]:
    """The parts of a directory, and their words."""
    return frozenset(directory.lower().split("/")), frozenset(_words(directory))


def _words(text: str) -> list[str]:
    return _WORDS.sub(" ", text).lower().split()


@cache
def _rules() -> _Rules:
    data = tomllib.loads(files("agents.analyzers").joinpath("paths.toml").read_text("utf-8"))
    return _Rules(
        kinds=tuple((FileKind(entry["kind"]), _rule(entry)) for entry in data["kinds"]),
        marks=tuple(_mark(entry) for entry in data["marks"]),
        endings=data["endings"],
        names=data["names"],
    )


def _mark(entry: Mapping[str, Any]) -> _MarkRule:
    always = frozenset(map(FileKind, entry.get("kinds", ())))
    return _MarkRule(entry["mark"], always, frozenset(map(FileKind, entry.get("of", ()))), _rule(entry))


def _rule(entry: Mapping[str, Any]) -> _Rule:
    patterns = [f"(?:{pattern})" for pattern in entry.get("patterns", ())]
    return _Rule(
        directories=frozenset(entry.get("directories", ())),
        names=frozenset(entry.get("names", ())),
        stems=frozenset(entry.get("stems", ())),
        endings=tuple(entry.get("endings", ())),
        words=frozenset(entry.get("words", ())),
        pattern=re.compile("|".join(patterns)) if patterns else _NEVER,
    )
