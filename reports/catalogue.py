"""A catalogue words what a report says in one language: phrases of the analysis, labels, sentences.

The words stand in `words/LANGUAGE.toml`. In a text, `{name}` is a value, `{name|one|many}` a number with its noun, and
`[[…]]` is left out when a value in it is 0, empty or absent.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from schemas.definition import Language
from schemas.phrase import Phrase

WORDS = Path(__file__).parent / "words"
LIST_LIMIT = 8  # items of a list that are shown; the others are counted

Value = str | int | tuple[str, ...]
Piece = Callable[[Mapping[str, str | int]], str]
_TOKEN = re.compile(r"\[\[(?P<optional>.*?)\]\]|\{(?P<name>\w+)(?:\|(?P<one>[^|{}]*)\|(?P<many>[^|{}]*))?\}")
_ENDED = re.compile(r"[。！？.!?…][”\"'’）)」』`*]*$")
_CODE_ARGUMENTS = frozenset({"path", "old_path", "paths", "area", "areas", "sha", "old_mode", "new_mode"})
_SETS = {
    "types": "change_types",
    "type": "change_types",
    "kind": "kinds",
    "status": "statuses",
    "evidence": "evidence",
    "tier": "tiers",
    "severity": "tiers",
}


class Marks(Protocol):
    """How a format shows untrusted strings, so that they stay text."""

    def text(self, raw: str) -> str:
        """Prose: a title, a sentence, a reason."""
        ...

    def code(self, raw: str) -> str:
        """A path, an area, a sha."""
        ...


class Plain:
    """Marks of plain text: everything as it is."""

    def text(self, raw: str) -> str:
        return raw

    def code(self, raw: str) -> str:
        return raw


@dataclass(frozen=True, slots=True)
class Text:
    """A worded text, ready to be filled. `names` are its values, those of optional segments included."""

    pieces: tuple[Piece, ...]
    names: frozenset[str]

    def fill(self, values: Mapping[str, str | int]) -> str:
        return "".join([piece(values) for piece in self.pieces])


def parse(source: str) -> Text:
    """The text that a catalogue's line describes."""
    pieces: list[Piece] = []
    names: set[str] = set()
    at = 0
    for token in _TOKEN.finditer(source):
        pieces.append(_literal(source[at : token.start()]))
        at = token.end()
        if token["optional"] is None:
            pieces.append(_value(token["name"], token["one"], token["many"]))
            names.add(token["name"])
        else:
            inner = parse(token["optional"])
            pieces.append(_optional(inner))
            names |= inner.names
    pieces.append(_literal(source[at:]))
    return Text(tuple(pieces), frozenset(names))


def _literal(text: str) -> Piece:
    return lambda values: text


def _value(name: str, one: str | None, many: str | None) -> Piece:
    if one is None:
        return lambda values: str(values.get(name, "?"))

    def counted(values: Mapping[str, str | int]) -> str:
        number = values.get(name, "?")
        return f"{number} {one if number == 1 else many}"

    return counted


def _optional(inner: Text) -> Piece:
    return lambda values: inner.fill(values) if all(values.get(name) for name in inner.names) else ""


class Catalogue:
    """The words of one language. Sets of words (`labels`, `tiers`, …) are mappings from names to words."""

    def __init__(self, language: Language, words: Mapping[str, Mapping[str, str]]) -> None:
        self.language = language
        self.words = words
        self.labels = words["labels"]
        self.tiers = words["tiers"]
        self.dimensions = words["dimensions"]
        self.change_types = words["change_types"]
        self.punctuation = words["punctuation"]
        self._phrases = {code: parse(text) for code, text in words["phrases"].items()}
        self._sentences = {name: parse(text) for name, text in words["sentences"].items()}
        self._tier_headings = {tier: parse(text) for tier, text in words["tier_headings"].items()}

    def phrase(self, phrase: Phrase, marks: Marks) -> str:
        """A phrase in this language; its arguments are shown through `marks`."""
        values = {name: self._shown(name, value, marks) for name, value in phrase.args.items()}
        return self._phrases[phrase.code].fill(values)

    def say(self, sentence: str, **values: str | int) -> str:
        """One of the catalogue's sentences; the values stand in it as they are."""
        return self._sentences[sentence].fill(values)

    def reason(self, text: str) -> str:
        """The reason of a debt in this language; what an endpoint said stays as it is."""
        return self.words["reasons"].get(text, text)

    def tier_heading(self, tier: str, n: int) -> str:
        return self._tier_headings[tier].fill({"n": n})

    def listed(self, items: Iterable[str], limit: int = LIST_LIMIT) -> str:
        """The items as an enumeration; those beyond the limit are counted."""
        items = list(items)
        shown = items[:limit]
        if len(items) > limit:
            shown.append(self.say("more", n=len(items) - limit))
        return self.punctuation["list"].join(shown)

    def whole(self, text: str) -> str:
        """The text as a whole sentence: a stop is added when it has none."""
        return text if not text or _ENDED.search(text) else text + self.punctuation["stop"]

    def _shown(self, name: str, value: Value, marks: Marks) -> str | int:
        if isinstance(value, int):
            return value
        if isinstance(value, tuple):
            return self.listed(self._string(name, item, marks) for item in value)
        return self._string(name, value, marks)

    def _string(self, name: str, raw: str, marks: Marks) -> str:
        if name in _SETS:
            return self.words[_SETS[name]].get(raw) or marks.text(raw)
        if name in ("area", "areas") and raw == ".":
            return self.labels["root"]
        return marks.code(raw) if name in _CODE_ARGUMENTS else marks.text(raw)


@lru_cache
def catalogue(language: Language) -> Catalogue:
    """The shipped catalogue of a language."""
    return Catalogue(language, tomllib.loads((WORDS / f"{language}.toml").read_text(encoding="utf-8")))
