"""Every language has words for everything that a report can say, with the same values in them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import schemas.phrase
from reports.catalogue import LIST_LIMIT, WORDS, Catalogue, Plain, catalogue, parse
from schemas.analyses import DIMENSIONS, ChangeType, FileKind
from schemas.definition import LANGUAGES, Language
from schemas.phrase import Code, Phrase
from schemas.scores import TIERS

# A comment names arguments, "a, b: what it is, c (what it is)", but for these it says what the code means.
COMMENTS = re.findall(r'^    (\w+) = "([\w.]+)"(?:  # (.*))?$', Path(schemas.phrase.__file__).read_text(), re.M)
NO_ARGUMENTS = {
    Code.SUMMARY_EMPTY,
    Code.SUMMARY_UNKNOWN_SIZE,
    Code.SUMMARY_BOUNDARY,
    Code.INSIGHT_NOTHING,
    Code.INSIGHT_UNKNOWN,
    Code.INSIGHT_PERFORMANCE_TITLE,
}


def arguments(code: Code, comment: str) -> set[str]:
    """The arguments that the comment behind a code names."""
    if not comment or code in NO_ARGUMENTS:
        return set()
    parts = re.sub(r"\([^)]*\)", "", comment).split(",")
    names = {part.partition(":")[0].strip() for part in parts}
    return {name for name in names if re.fullmatch("[a-z_]+", name)}


EXPECTED = {Code(value): arguments(Code(value), comment) for _, value, comment in COMMENTS}


def words(language: Language) -> dict[str, dict[str, str]]:
    return tomllib.loads((WORDS / f"{language}.toml").read_text(encoding="utf-8"))


def test_the_comments_are_understood() -> None:
    assert set(EXPECTED) == set(Code)
    assert EXPECTED[Code.SUMMARY_MERGE] == {"commits", "titles", "more"}
    assert EXPECTED[Code.SCOPE_FILE] == {"path", "status", "additions", "deletions"}
    assert EXPECTED[Code.RISK_NOTHING] == set()
    assert EXPECTED[Code.TEXT] == {"text"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_has_words_with_exactly_its_arguments(language: Language) -> None:
    phrases = words(language)["phrases"]
    assert {code: set(parse(text).names) for code, text in phrases.items()} == EXPECTED


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_of_a_set_has_a_word(language: Language) -> None:
    said = words(language)
    assert set(said["change_types"]) == set(ChangeType)
    assert set(said["kinds"]) == set(FileKind)
    assert set(said["statuses"]) == set("AMDRCT")
    assert set(said["evidence"]) == {"title", "body"}
    assert set(said["dimensions"]) == set(DIMENSIONS)
    assert set(said["tiers"]) == set(said["tier_headings"]) == set(TIERS)


def test_the_languages_say_the_same_things() -> None:
    chinese, english = words("zh-CN"), words("en")
    assert {name: set(part) for name, part in chinese.items()} == {name: set(part) for name, part in english.items()}
    for name in ("sentences", "tier_headings"):
        for key, text in chinese[name].items():
            assert parse(text).names == parse(english[name][key]).names, key


def test_no_word_is_empty() -> None:
    for language in LANGUAGES:
        for name, part in words(language).items():
            empty = {(name, key) for key, text in part.items() if not text.strip()}
            assert empty <= {("punctuation", "sentence")}  # Chinese sentences follow each other without a space


@pytest.mark.parametrize(
    ("language", "code", "args", "said"),
    [
        ("en", Code.SUMMARY_TITLE, {"types": ("feature", "fix"), "title": "add x"}, "Feature, Bug fix: add x"),
        ("zh-CN", Code.SUMMARY_TITLE, {"types": ("feature",), "title": "add x"}, "功能增强：add x"),
        ("en", Code.SUMMARY_AREAS, {"areas": ("a", "."), "more": 0}, "Mostly in a, the root."),
        ("en", Code.SUMMARY_AREAS, {"areas": ("a",), "more": 1}, "Mostly in a, and 1 other place."),
        ("en", Code.SUMMARY_REVERT, {"title": "x", "sha": ""}, "Reverts “x”."),
        (
            "en",
            Code.SUMMARY_SIZE,
            {"files": 1, "additions": 2, "deletions": 0},
            "1 file changed, 2 lines added, 0 removed.",
        ),
        ("zh-CN", Code.SCOPE_FILE, {"path": "a", "status": "A", "additions": 1, "deletions": 2}, "a（新增，+1 −2）"),
        ("zh-CN", Code.INSIGHT_BREAKING, {"evidence": "body"}, "作者在正文中声明了不兼容的改动。"),
        ("en", Code.PART_KIND, {"kind": "source"}, "mostly source code"),
        ("en", Code.PART_TYPE, {"type": "no such type"}, "no such type"),
        ("en", Code.SUMMARY_FAILED, {}, "Could not be analyzed."),
        ("en", Code.RISK_LARGE, {}, "Large (? lines in ? files): problems are easily overlooked."),
    ],
)
def test_phrases(language: Language, code: Code, args: dict[str, str | int | tuple[str, ...]], said: str) -> None:
    assert catalogue(language).phrase(Phrase(code=code, args=args), Plain()) == said


def test_long_lists_are_counted() -> None:
    paths = tuple(f"p{n}" for n in range(LIST_LIMIT + 3))
    said = catalogue("en").phrase(Phrase(code=Code.RISK_API, args={"paths": paths}), Plain())
    assert said.endswith("p7, 3 more.")


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("", ""),
        ("done", "done."),
        ("done.", "done."),
        ("Done!”", "Done!”"),
        ("see (#1)", "see (#1)."),
        ("完成。", "完成。"),
    ],
)
def test_sentences_end(text: str, whole: str) -> None:
    assert catalogue("en").whole(text) == whole


def test_untrusted_arguments_go_through_the_marks() -> None:
    class Loud:
        def text(self, raw: str) -> str:
            return raw.upper()

        def code(self, raw: str) -> str:
            return f"<{raw}>"

    english: Catalogue = catalogue("en")
    phrase = Phrase(code=Code.SUMMARY_REVERT, args={"title": "x", "sha": "ab"})
    assert english.phrase(phrase, Loud()) == "Reverts “X” (<ab>)."
