"""Which language a text is written in: its script tells, and among those in Latin letters its small words do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Sequence
from importlib.resources import files

from schemas.definition import Language

_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_OTHER = re.compile("[\u0400-\u052f\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u3040-\u30ff\uac00-\ud7af]")
_LATIN = re.compile(r"[A-Za-z]{2,}")
_MARKED = re.compile("[\u00c0-\u024f\u1e00-\u1eff]")
_QUOTED = re.compile(r"`[^`]*`|「[^」]*」|“[^”]*”|《[^》]*》|\"[^\"]*\"|[（(][^（）()]*[）)]")
_FEW = 4  # words of which a language can hardly be told
_SHARE = 0.2
# a word between others: no part of a name, no item of a list
_WORD = re.compile(r"(?<![\w'’./@=:%$-])[^\W\d_]+(?= [^\W_]| ['’`“\"]|[.!?]?$)")
_ELIDED = re.compile(r"(?<![\w'’])(?:[ld]|qu)['’](?=[^\W\d_]{2})", re.I)
_TOLD = 2  # signs that tell another language, if there are fewer of English
_TONGUES = tomllib.loads(files("agents.analyzers.llm").joinpath("tongues.toml").read_text("utf-8"))
_ENGLISH = frozenset(_TONGUES["english"])
_OTHERS = tuple(frozenset(words) for words in _TONGUES["others"].values())


def is_in(text: str, language: Language) -> bool:
    """Whether the text, quotations and code aside, is in the language; so is what says too little to tell."""
    prose = _prose(text)
    ideographs, other, latin = (len(pattern.findall(prose)) for pattern in (_IDEOGRAPH, _OTHER, _LATIN))
    total = ideographs + other + latin
    if language == "zh-CN":
        return total < _FEW or (ideographs >= _SHARE * total and other <= ideographs)
    return ideographs + other <= _SHARE * total and may_be_english(text)


def may_be_english(text: str) -> bool:
    """Whether what of a text is in Latin letters can be English: its small words and its letters tell."""
    prose = _prose(text)
    words = [word.lower() for word in _WORD.findall(prose)]
    marked = sum(_MARKED.search(word) is not None for word in words)
    foreign = max(_hits(words, known) for known in _OTHERS) + marked + len(_ELIDED.findall(prose))
    return foreign < _TOLD or foreign <= _hits(words, _ENGLISH)


def _prose(text: str) -> str:
    return _QUOTED.sub(" ` ", text)


def _hits(words: Sequence[str], known: Collection[str]) -> int:
    return sum(word in known for word in words)
