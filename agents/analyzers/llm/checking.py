"""An answer against the facts: what names a file, symbol, link, date or number that is not there is dropped."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files

from agents.analyzers.llm.plain import closed, sentences_of
from agents.analyzers.llm.reply import refuses
from agents.analyzers.llm.tongue import is_in, may_be_english
from agents.analyzers.paths import classify
from schemas.definition import Language

STOPS: dict[Language, str] = {"zh-CN": "。", "en": "."}
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_NUMBER = re.compile(r"(?<![A-Za-z0-9_.])[vV]?(\d+(?:[.,_]\d+)*)", re.ASCII)
_NOT_STATED = re.compile(r"^(?:@@ [^@\n]*@@|index [0-9a-f]{7,}\.\.[0-9a-f]{7,}.*)", re.M)
_CODE = re.compile(r"`+([^`]+)`+")
_RUN = re.compile(r"[!-~]+")
_ASIDE = re.compile(r"\s*（[^（）]*）|(?:\s+|(?<=[\u4e00-\u9fff]))\([^()]*\)")
_TIMES = re.compile(
    r"(?:\d[\d.]*|[一二两三四五六七八九十百千万数几]+)\s*(?:倍|成(?=[^功为员果熟立本长就交品绩])|[x×](?![A-Za-z])|times\b|-?fold\b)"
)
_PERCENT = re.compile(r"\d[\d.,]*\s*[%％‰]|百分之[零一二两三四五六七八九十百点]+")
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    rf"\d{{4}}\s*[-/.年]\s*\d{{1,2}}(?:\s*[-/.月]\s*\d{{1,2}}日?)?|\d{{1,2}}\s*月\s*\d{{1,2}}\s*日"
    rf"|\b(?:{_MONTH})[a-z]*\.? \d{{1,2}}\b(?:,? \d{{4}})?|\b\d{{1,2}} (?:{_MONTH})[a-z]*\b(?: \d{{4}})?",
    re.I,
)
_LINK = re.compile(r"[a-z][a-z0-9+.-]{1,20}://|\bwww\.|\b(?:mailto|javascript|data):|\]\(", re.I)
_HOST = re.compile(
    r"(?<![\w@/.-])(?:[\w-]+\.)+(?:com|org|net|io|dev|cn|example|app|co|ai|edu|gov|info)\b(?![.(\w])", re.I
)
_TAG = re.compile(r"<[A-Za-z/!?][^>]*>?|&(?:#\w+|[a-z]{2,8});", re.I)
_MENTION = re.compile(r"(?<![\w.])@[A-Za-z][\w/-]*", re.ASCII)
_CALL = re.compile(r"([A-Za-z_][\w.:]*)\(", re.ASCII)
_FLAG = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]+", re.ASCII)
_SYMBOL = re.compile(
    r"(?<![A-Za-z0-9_$.@/-])(?:_*[A-Za-z0-9]+(?:_+[A-Za-z0-9]+)+_*|_[A-Za-z][A-Za-z0-9]*"
    r"|[a-z]+[A-Z][A-Za-z0-9]*|(?:[A-Z][a-z0-9]+){2,}[A-Z]*|[A-Z]{2,}[a-z]{2,}[A-Za-z0-9]*)(?![A-Za-z0-9_])",
    re.ASCII,
)
_COMPOUND = re.compile(r"(?<![\w-])[A-Za-z]+(?:-[A-Za-z]*\d[\w.]*)+", re.ASCII)
_DOTTED = re.compile(r"(?<![\w./@-])[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)+", re.ASCII)
_PATH = re.compile(r"(?<![\w@])[.~@]{0,2}/?[A-Za-z0-9_.@-]+(?:/[A-Za-z0-9_.@*-]+)+/?", re.ASCII)
_HEX = re.compile(r"(?<![\w-])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}(?![\w-])", re.ASCII)
_NAMES = tomllib.loads(files("agents.analyzers.llm").joinpath("names.toml").read_text("utf-8"))
_KNOWN, _ENDINGS, _TOP = (frozenset(_NAMES[name]) for name in ("known", "endings", "directories"))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What may be named: the words and numbers of everything that is known of a commit or a day."""

    text: str
    lower: str
    words: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str], numbers: Iterable[int | None] = ()) -> Evidence:
        """Of texts, and of counts that stand in none of them. Line numbers of hunks are no facts."""
        text = "\n".join(texts)
        stated = _NOT_STATED.sub("", text)
        found = {_plain_number(number) for number in _NUMBER.findall(stated)}
        found |= {str(number) for number in numbers if number is not None}
        words = frozenset(map(str.lower, _WORD.findall(text)))
        return cls(text, text.lower(), words, frozenset(found))

    def has(self, name: str) -> bool:
        """Whether the name stands there as a whole."""
        name = name.lower()
        return name in self.words if _WORD.fullmatch(name) else _stands_in(name, self.lower)


def _stands_in(name: str, text: str) -> bool:
    at = text.find(name)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(name) : at + len(name) + 1]
        if not (_joins(before, name[:1]) or _joins(name[-1:], after)):
            return True
        at = text.find(name, at + 1)
    return False


def _joins(left: str, right: str) -> bool:
    return bool(left and right) and all(c.isascii() and (c.isalnum() or c == "_") for c in (left, right))


def _plain_number(number: str) -> str:
    return number.replace(",", "").replace("_", "")


def unfounded(sentence: str, evidence: Evidence) -> str:
    """The first thing in the sentence that the evidence does not have, "" when there is none."""
    codes = _CODE.findall(sentence)
    for code in codes:
        if not _code_stands(code.strip(), evidence):
            return str(code)
    rest = _CODE.sub(" \u241f ", sentence)
    return next((claim for claim in _claims(rest, evidence) if claim), "")


def _code_stands(code: str, evidence: Evidence) -> bool:
    """Code in backticks: as a whole, or all its words and numbers."""
    if _stands_in(" ".join(code.lower().split()), evidence.lower):
        return True
    words, numbers = _WORD.findall(code), _NUMBER.findall(code)
    if "://" in code or _PATH.fullmatch(code) or not (words or numbers):
        return False
    return all(map(evidence.has, words)) and all(_plain_number(n) in evidence.numbers for n in numbers)


def _claims(text: str, evidence: Evidence) -> Iterator[str]:
    """What outside of code cannot stand; each kind only once what came before it can."""
    for pattern in (_LINK, _HOST, _TAG):
        for match in pattern.finditer(text):
            begin = text.rfind(" ", 0, match.start()) + 1
            run = _RUN.match(text, max(begin, match.start()))
            whole = (run[0] if run else match[0]).rstrip(".,;:)\"'")
            if pattern is _TAG:
                whole = match[0]
            if (pattern is _LINK and match[0] == "](") or not _stands_in(whole.lower(), evidence.lower):
                yield whole
    for pattern in (_MENTION, _DATE, _PERCENT, _TIMES):
        yield from (m[0] for m in pattern.finditer(text) if not _said(m[0], evidence))
    for pattern in (_PATH, _DOTTED, _COMPOUND, _HEX, _FLAG):
        for match in pattern.finditer(text):
            if not _named(match[0], evidence):
                yield match[0]
    for match in (*_CALL.finditer(text), *_SYMBOL.finditer(text)):
        name = match[1] if match.lastindex else match[0]
        if name.lower() not in _KNOWN and not all(map(evidence.has, _WORD.findall(name))):
            yield name
    for pattern in (_PATH, _COMPOUND, _HEX):  # their numbers were looked at with them
        text = pattern.sub(" ", text)
    yield from (n for n in _NUMBER.findall(text) if _plain_number(n.rstrip(".,")) not in evidence.numbers)


def _said(claim: str, evidence: Evidence) -> bool:
    """Whether it stands there, blanks aside."""
    return _stands_in(claim.lower(), evidence.lower) or _stands_in("".join(claim.lower().split()), evidence.lower)


def _named(claim: str, evidence: Evidence) -> bool:
    name = claim.strip("./").lower()
    if name in _KNOWN or not name:
        return True
    if _stands_in(name, evidence.lower):
        return True
    parts = name.split("/")
    if len(parts) > 1 and "." not in name and "_" not in name:
        return len(parts) < 4 and parts[0] not in _TOP and all(part.isalpha() for part in parts)
    return "/" not in name and "." in name and all(map(evidence.has, _WORD.findall(name))) and not _is_file(name)


def _is_file(name: str) -> bool:
    """Whether the name ends as a file does whose language is known."""
    return classify(name).language is not None or name.rpartition(".")[2] in _ENDINGS


class Checker:
    """Takes a model's texts and gives back what of them may stand; counts what may not."""

    def __init__(self, evidence: Evidence, language: Language) -> None:
        self.dropped = 0
        self.foreign = 0  # sentences in another language
        self.found = ""  # the first thing that is not in the evidence
        self._evidence = evidence
        self._language = language
        self._said: list[str] = []

    def is_foreign(self) -> bool:
        """Whether what was said in Latin letters is, taken together, not in English though that is asked for.

        A sentence alone may be too short to tell.
        """
        return self._language == "en" and not may_be_english(" ".join(self._said))

    def line(self, text: str) -> str:
        """The sentences of a text that may stand, on one line; "" when none may."""
        return (" " if self._language == "en" else "").join(self._standing(text))

    def lines(self, texts: Iterable[str], limit: int) -> tuple[str, ...]:
        """The lines that may stand of the first `limit` texts, none of them twice."""
        found = [self.line(text) for text, _ in zip(texts, range(limit), strict=False)]
        return tuple(dict.fromkeys(filter(None, found)))

    def sentences(self, texts: Iterable[str]) -> tuple[str, ...]:
        """The sentences that may stand, one by one, none of them twice."""
        return tuple(dict.fromkeys(sentence for text in texts for sentence in self._standing(text)))

    def _standing(self, text: str) -> tuple[str, ...]:
        stop = STOPS[self._language]
        plain = sentences_of(text, stop)
        self._said += plain.sentences
        self.dropped += plain.dropped
        return closed(filter(None, map(self._sentence, plain.sentences)), stop)

    def _sentence(self, sentence: str) -> str:
        """The sentence, or without its asides, or nothing."""
        if not is_in(sentence, self._language):
            self.foreign += 1
            return self._drop("")
        if refuses(sentence):
            return self._drop("")
        found = unfounded(sentence, self._evidence)
        if not found:
            return sentence
        self._drop(found)
        without = _ASIDE.sub("", sentence)
        bare = without == sentence or len(without) < len(sentence) // 2 or unfounded(without, self._evidence)
        return "" if bare else without

    def _drop(self, found: str) -> str:
        self.dropped += 1
        self.found = self.found or found
        return ""
