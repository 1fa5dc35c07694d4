"""What came back, read: whether it is an answer at all, and the object that stands in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Literal, TypeAlias, TypeVar

from pydantic import ValidationError

from agents.analyzers.llm.answer import Said
from agents.llm.port import Answer
from schemas.complaint import complaints

Outcome: TypeAlias = Literal["cut", "empty", "refused", "filtered", "invalid", "wrong_language"]
S = TypeVar("S", bound=Said)

_READ_LIMIT = 200_000  # characters of a reply that are read
_TRIES = 40  # braces at which an object may begin
_COMPLAINTS = 5
_REFUSAL = re.compile(
    r"\bI(?:['’]m| am)? (?:sorry|unable to|not able to|cannot|can['’]t|can not|won['’]t|must (?:decline|refuse))\b"
    r"|^\s*(?:sorry|(?:非常|很|十分)?(?:抱歉|遗憾)|对不起)"
    r"|我们?(?:无法|不能|不便|没法)(?:协助|帮助|处理|提供|完成|回答|满足|分析)",
    re.I,
)
_QUOTED = re.compile(r"`[^`]*`|「[^」]*」|“[^”]*”|\"[^\"]*\"")
_REFUSAL_LENGTH = 400  # characters: whoever says more has said something


class Wrong(Exception):
    """An answer that cannot be used; `complaint` tells the model what was wrong with it.

    A doubtful one could be used for want of a better: it is worth one more question.
    """

    def __init__(self, outcome: Outcome, complaint: str = "", doubtful: bool = False) -> None:
        super().__init__(complaint or outcome)
        self.outcome = outcome
        self.complaint = complaint
        self.doubtful = doubtful


def text_of(answer: Answer) -> str:
    """The text of an answer that is whole. Raises Wrong."""
    if answer.refusal:
        raise Wrong("refused")
    if answer.finish == "content_filter":
        raise Wrong("filtered")
    if answer.finish == "length":
        raise Wrong("cut")
    if not answer.text.strip():
        raise Wrong("empty")
    return answer.text[:_READ_LIMIT]


def refuses(text: str) -> bool:
    """Whether it is a polite no."""
    return len(text) <= _REFUSAL_LENGTH and _REFUSAL.search(_QUOTED.sub("", text)) is not None


def parse(text: str, model: type[S]) -> S:
    """The first object in the text, fenced or not, with talk around it or not, that is such an answer. Raises Wrong."""
    complaint = ""
    for value in _objects(text):
        try:
            return model.model_validate(value)
        except ValidationError as error:
            complaint = complaint or _complaint(error)
    if not complaint and refuses(text):
        raise Wrong("refused")
    raise Wrong("invalid", complaint or "no JSON object")


def _objects(text: str) -> Iterator[dict[str, object]]:
    decoder = json.JSONDecoder(strict=False)  # models break lines within strings
    begin = -1
    for _ in range(_TRIES):
        begin = text.find("{", begin + 1)
        if begin < 0:
            return
        try:
            value, _end = decoder.raw_decode(text, begin)
        except (ValueError, RecursionError):
            continue
        yield value


def _complaint(error: ValidationError) -> str:
    """What is wrong where, without what was said."""
    return "; ".join(complaint.at("answer") for complaint in complaints(error)[:_COMPLAINTS])
