"""The prompts: data files per purpose and language, with a version made of all that shapes a question."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Literal, TypeAlias

from agents.analyzers.llm.answer import OpeningAnswer, PartAnswer, model_of, schema_of
from agents.analyzers.llm.folder import SHIPPED, Folder
from schemas.definition import LANGUAGES, Language

Kind: TypeAlias = Literal["deep", "standard", "brief", "part", "opening"]
KINDS: tuple[Kind, ...] = ("deep", "standard", "brief", "part", "opening")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is said to a model for one purpose in one language; `version` is 12 hex digits."""

    system: str
    commit: Template
    merging: str
    report: Template
    corrections: Mapping[str, str]
    schema: Mapping[str, Any]
    name: str
    version: str


class Prompts:
    """All prompts of a directory: those shipped here unless another one is named."""

    def __init__(self, directory: Path | None = None) -> None:
        """Raises Misuse that names the file when one is missing or cannot be used."""
        folder = Folder(directory) if directory else SHIPPED
        corrections = {language: folder.corrections(language) for language in LANGUAGES}
        self._prompts = {
            (kind, language): _prompt(folder, kind, language, corrections[language])
            for kind in KINDS
            for language in LANGUAGES
        }

    def of(self, kind: Kind, language: Language) -> Prompt:
        """The prompt of a kind in a language."""
        return self._prompts[kind, language]


def _prompt(folder: Folder, kind: Kind, language: Language, corrections: Mapping[str, str]) -> Prompt:
    templates = {name: folder.template(f"{name}.{language}.md") for name in (kind, "commit", "report")}
    texts = {name: template.template for name, template in templates.items()}
    texts |= {name: folder.text(f"{name}.{language}.md") for name in ("merging", "rules")}
    schema = _schema(kind)
    system = templates[kind].substitute(rules=texts["rules"].strip()).strip()
    part = folder.text(f"part.{language}.md")
    shaping = json.dumps([system, texts, part, dict(corrections), schema], sort_keys=True)
    return Prompt(
        system=system,
        commit=templates["commit"],
        merging=texts["merging"],
        report=templates["report"],
        corrections=corrections,
        schema=schema,
        name=f"commit_{kind}" if kind != "opening" else "opening",
        version=hashlib.blake2b(shaping.encode(), digest_size=6).hexdigest(),
    )


def _schema(kind: Kind) -> dict[str, Any]:
    if kind == "opening":
        return schema_of(OpeningAnswer, kind)
    return schema_of(PartAnswer if kind == "part" else model_of(kind), kind)
