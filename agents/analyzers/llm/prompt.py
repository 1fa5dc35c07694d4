"""The prompts: data files per purpose and language, with a version made of all that shapes a question."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Any, Literal, TypeAlias

from agents.analyzers.llm.answer import OpeningAnswer, PartAnswer, model_of, schema_of
from schemas.definition import LANGUAGES, Language
from schemas.errors import Misuse

Kind: TypeAlias = Literal["deep", "standard", "brief", "part", "opening"]
KINDS: tuple[Kind, ...] = ("deep", "standard", "brief", "part", "opening")
_BODIES = ("commit", "merging", "report", "rules")
_CORRECTIONS = "corrections.toml"


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is said to a model for one purpose in one language; `version` is 12 hex digits."""

    system: str
    commit: Template
    merging: Template
    report: Template
    corrections: Mapping[str, str]
    schema: Mapping[str, Any]
    name: str
    version: str


class Prompts:
    """All prompts of a directory: those shipped here unless another one is named."""

    def __init__(self, directory: Path | None = None) -> None:
        """Raises Misuse when a file is missing."""
        place: Traversable = directory or files("agents.analyzers.llm").joinpath("prompts")
        corrections = tomllib.loads(_read(place, _CORRECTIONS))
        self._prompts = {
            (kind, language): _prompt(place, kind, language, corrections[language])
            for kind in KINDS
            for language in LANGUAGES
        }

    def of(self, kind: Kind, language: Language) -> Prompt:
        """The prompt of a kind in a language."""
        return self._prompts[kind, language]


def _prompt(place: Traversable, kind: Kind, language: Language, corrections: Mapping[str, str]) -> Prompt:
    texts = {name: _read(place, f"{name}.{language}.md") for name in (kind, *_BODIES)}
    schema = _schema(kind)
    system = Template(texts[kind]).substitute(rules=texts["rules"].strip()).strip()
    part = _read(place, f"part.{language}.md")
    shaping = json.dumps([system, texts, part, dict(corrections), schema], sort_keys=True)
    return Prompt(
        system=system,
        commit=Template(texts["commit"]),
        merging=Template(texts["merging"]),
        report=Template(texts["report"]),
        corrections=corrections,
        schema=schema,
        name=f"commit_{kind}" if kind != "opening" else "opening",
        version=hashlib.blake2b(shaping.encode(), digest_size=6).hexdigest(),
    )


def _schema(kind: Kind) -> dict[str, Any]:
    if kind == "opening":
        return schema_of(OpeningAnswer, kind)
    return schema_of(PartAnswer if kind == "part" else model_of(kind), kind)


def _read(place: Traversable, name: str) -> str:
    try:
        return place.joinpath(name).read_text("utf-8")
    except OSError as error:
        raise Misuse(f"the prompt {name} cannot be read in {place}: {error}; put all prompts there") from error
