"""A folder of prompts, read strictly: what is wrong in a file is said at once, and not with every commit."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Any

from schemas.definition import Language
from schemas.errors import Misuse

CORRECTIONS = "corrections.toml"


@dataclass(frozen=True)
class Folder:
    """Files of prompts. The placeholders, and the corrections, that are known are those of the files shipped here."""

    place: Traversable

    def text(self, name: str) -> str:
        """A file that is said as it stands."""
        try:
            return self.place.joinpath(name).read_text("utf-8")
        except OSError as error:
            raise Misuse(f"the prompt {name} cannot be read in {self.place}: {error}; put all prompts there") from error
        except UnicodeDecodeError as error:
            raise self._wrong(name, f"is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from error

    def template(self, name: str) -> Template:
        """A file with placeholders."""
        return self._template(name, self.text(name), SHIPPED.text(name))

    def corrections(self, language: Language) -> Mapping[str, str]:
        """What a model is told of an answer that cannot be used, by what was wrong with it."""
        found, shipped = self._table(language), SHIPPED._table(language)
        for key, known in shipped.items():
            if not isinstance(found.get(key), str):
                raise self._wrong(CORRECTIONS, f"has no text {language}.{key}; take it from the one shipped here")
            self._template(CORRECTIONS, found[key], known, f" of {language}.{key}")
        return {key: found[key] for key in shipped}

    def _table(self, language: Language) -> Mapping[str, Any]:
        try:
            found = tomllib.loads(self.text(CORRECTIONS)).get(language)
        except tomllib.TOMLDecodeError as error:
            raise self._wrong(CORRECTIONS, f"is no TOML: {error}") from error
        if not isinstance(found, dict):
            raise self._wrong(CORRECTIONS, f"has no table [{language}]; every language of the reports needs one")
        return found

    def _template(self, name: str, text: str, shipped: str, part: str = "") -> Template:
        template, known = Template(text), Template(shipped).get_identifiers()
        advice = f"write $$ for a dollar sign; known placeholders: {', '.join(f'${one}' for one in known) or 'none'}"
        try:
            template.substitute(dict.fromkeys(known, ""))
        except KeyError as error:
            raise self._wrong(name, f"has the unknown placeholder ${error.args[0]}{part}; {advice}") from error
        except ValueError as error:
            where = str(error).rpartition(": ")[2]
            raise self._wrong(name, f"has a $ without a placeholder in {where}{part}; {advice}") from error
        return template

    def _wrong(self, name: str, what: str) -> Misuse:
        return Misuse(f"the prompt {name} in {self.place} {what}")


SHIPPED = Folder(files("agents.analyzers.llm").joinpath("prompts"))
