"""Which language a text is written in, as far as its script tells."""

from __future__ import annotations

import re

from schemas.definition import Language

_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_OTHER = re.compile("[\u0400-\u052f\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u3040-\u30ff\uac00-\ud7af]")
_LATIN = re.compile(r"[A-Za-z]{2,}")
_QUOTED = re.compile(r"`[^`]*`|「[^」]*」|“[^”]*”|《[^》]*》|\"[^\"]*\"|[（(][^（）()]*[）)]")
_FEW = 4  # words of which a language can hardly be told
_SHARE = 0.2


def is_in(text: str, language: Language) -> bool:
    """Whether the text, quotations and code aside, is in the language; so is what says too little to tell."""
    prose = _QUOTED.sub(" ", text)
    ideographs, other, latin = (len(pattern.findall(prose)) for pattern in (_IDEOGRAPH, _OTHER, _LATIN))
    total = ideographs + other + latin
    if language == "zh-CN":
        return total < _FEW or (ideographs >= _SHARE * total and other <= ideographs)
    return ideographs + other <= _SHARE * total
