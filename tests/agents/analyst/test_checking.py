"""Answers against the facts: what is not in the commit never stands, what is there does."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.analyzers.llm.checking import Checker, Evidence
from agents.analyzers.llm.plain import sentences_of
from agents.analyzers.llm.tongue import is_in
from schemas.definition import Language
from tests.agents.analyst.script import PATCH

EVIDENCE = Evidence.of(
    ["Fix cache (#512)", "Upgrade to 3.11.2, 37 % faster, see https://example.org/x", "src/cache.py", PATCH], [2, 1, 3]
)


def _line(text: str, language: Language = "en") -> str:
    return Checker(EVIDENCE, language).line(text)


STANDING = [
    "`src/cache.py` now calls `check_age(entry, 45)` in `load_entry`.",
    "The function load_entry() in cache.py returns the entry.",
    "It belongs to #512 and takes 37 % less time.",
    "Version 3.11.2 is needed, see https://example.org/x.",
    "GitHub and PostgreSQL users and/or UTF-8 readers see no change, e.g. none at all.",
    "2 lines are added and 1 is removed.",
    "The client/server split stays, and a read-only cache works.",
]
INVENTED = [
    "See `src/made_up_module.py` for it.",
    "It changes made_up.py as well.",
    "It changes src/other as well.",
    "`no_such_function` is gone.",
    "It calls no_such_function() twice.",
    "It calls noSuchFunction now.",
    "NoSuchClass is new.",
    "Latency falls by 37.5%.",
    "Latency falls by 45%.",
    "It is 3 times faster.",
    "There are 77 callers.",
    "It fixes CVE-2024-1234.",
    "It was planned on 2019-01-01.",
    "It was planned on Jan 3, 2019.",
    "See https://evil.example/proof for it.",
    "See evil.example.com for it.",
    "See [this](javascript:alert) for it.",
    "Hello @everyone there.",
    "It reverts deadbeef12.",
    "Use --no-such-option here.",
    "It adds <script>alert</script> there.",
    "It adds &lt;img&gt; there.",
    "It needs version 4.0.1.",
    "It touches `os.environ` too.",
]


@pytest.mark.parametrize("sentence", STANDING)
def test_what_is_there_stands(sentence: str) -> None:
    assert _line(sentence) == sentence


@pytest.mark.parametrize("sentence", INVENTED)
def test_what_is_not_there_is_dropped(sentence: str) -> None:
    checker = Checker(EVIDENCE, "en")
    assert checker.line(f"The cache is checked. {sentence}") == "The cache is checked."
    assert checker.dropped == 1
    assert checker.found


@pytest.mark.parametrize(
    "sentence",
    ["性能提升三倍。", "性能提升 45 倍。", "降低了百分之三十。", "计划于 2019年1月1日发布。", "见 `made_up.py`。"],
)
def test_inventions_in_chinese_are_dropped(sentence: str) -> None:
    assert _line(f"缓存会检查时间。{sentence}", "zh-CN") == "缓存会检查时间。"


def test_an_aside_is_dropped_alone() -> None:
    assert _line("The cache is checked for its age (37.5% faster).") == "The cache is checked for its age."
    assert _line("缓存条目会检查时间（提升 37.5%）。", "zh-CN") == "缓存条目会检查时间。"


@given(st.sampled_from(STANDING), st.sampled_from(INVENTED), st.booleans())
def test_an_invention_takes_nothing_with_it(standing: str, invented: str, first: bool) -> None:
    assert _line(f"{invented} {standing}" if first else f"{standing} {invented}") == standing


@given(st.integers(100, 10**9))
def test_no_number_is_invented(number: int) -> None:
    assert _line(f"It takes {number} steps.") == ("" if str(number) != "512" else f"It takes {number} steps.")


@given(st.from_regex(r"[a-z]{3,8}_[a-z]{3,8}", fullmatch=True))
def test_no_name_is_invented(name: str) -> None:
    known = name in ("load_entry", "check_age")
    assert bool(_line(f"It calls {name} now.")) == known
    assert bool(_line(f"It calls `{name}` now.")) == known


def test_hostile_text_leaves_its_sentence_alone() -> None:
    hostile = (
        "The cache is checked.\n### 🔥 x\n## owner/name\nx\n===\n| 2026-01-01 00:00:00 | a | b |\n<script>alert(1)"
        "</script><!-- [x](javascript:alert(1)) @everyone &lt;img&gt; \u202e\x1b[31m <a id='end'></a>\n"
        "---\n```\nunclosed"
    )
    assert _line(hostile) == "The cache is checked."


@given(st.text(max_size=200) | st.text("ab1 .|-#`<>*_)。\n\x1b\u200b", max_size=30))
@example("\x1b|0")
@example("a. | b")
def test_every_line_is_one_plain_line(text: str) -> None:
    for sentence in sentences_of(text, ".").sentences:
        assert len(sentence.splitlines()) == 1
        assert not any(c in sentence for c in "\x00\x1b\u202e\u200b")
        assert not re.match(r"#{1,6}(\s|$)|\||[-*] |>|```|<a", sentence)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ("One.", "Two!", "Three?")),
        ("一。二！三", ("一。", "二！", "三。")),
        ("- One\n- Two\n1. Three", ("One.", "Two.", "Three.")),
        ("**Note** it, e.g. here. Version 3.11 works", ("Note it, e.g. here.", "Version 3.11 works.")),
        ("It says “a. b” twice.", ("It says “a. b” twice.",)),
        ("Whole. And then it was,", ("Whole.",)),
        ("Whole. Cut (in the", ("Whole.",)),
        ("Cut `in", ()),
        ("See fixes (#5829) there.", ("See fixes (#5829) there.",)),
        (
            "It took approx. 5 s, e.g. Tests, etc. and more. Two",
            ("It took approx. 5 s, e.g. Tests, etc. and more.", "Two."),
        ),
        ("Docs, tests, etc. Another one. See No. 5 of it.", ("Docs, tests, etc.", "Another one.", "See No. 5 of it.")),
        ("It calls `a. b`. Then it ends (see “x”).", ("It calls `a. b`.", "Then it ends (see “x”).")),
        ("一；二。三；四", ("一；", "二。", "三；", "四。")),
        ("", ()),
    ],
)
def test_sentences(text: str, sentences: tuple[str, ...]) -> None:
    assert sentences_of(text, "。" if "一" in text else ".").sentences == sentences


def _sentences(text: str) -> tuple[str, ...]:
    return Checker(EVIDENCE, "zh-CN").sentences([text])


def test_a_semicolon_ends_no_sentence() -> None:
    text = "缓存会检查时间；旧条目被拒绝。调用方不变。"
    assert _sentences(text) == ("缓存会检查时间；旧条目被拒绝。", "调用方不变。")
    assert _line(text, "zh-CN") == text


def test_what_is_dropped_behind_a_semicolon_leaves_a_whole_sentence() -> None:
    assert _sentences("缓存会检查时间；性能提升 45 倍。") == ("缓存会检查时间。",)
    assert _sentences("性能提升 45 倍；缓存会检查时间。") == ("缓存会检查时间。",)
    assert _sentences("缓存会检查时间；性能提升 45 倍。调用方不变。") == ("缓存会检查时间；调用方不变。",)


@pytest.mark.parametrize(
    ("text", "language", "right"),
    [
        ("缓存会检查 `load_entry` 的时间。", "zh-CN", True),
        ("The cache is checked for its age.", "zh-CN", False),
        ("キャッシュのエントリを確認します。", "zh-CN", False),
        ("The cache is checked.", "en", True),
        ("It renames “修复缓存的问题” and no more.", "en", True),
        ("缓存会检查时间。", "en", False),
        ("The кэш проверяется теперь.", "en", False),
        ("Le cache vérifie désormais l'âge des entrées avec `check_age`.", "en", False),
        ("Ajoute un test pour `load_entry` dans le module de cache.", "en", False),
        ("Die Einträge des Caches werden mit `check_age` auf ihr Alter geprüft.", "en", False),
        ("Se comprueba la edad de las entradas con `check_age`.", "en", False),
        ("As entradas do cache são verificadas pela função `check_age`.", "en", False),
        ("Le voci della cache vengono controllate con `check_age`.", "en", False),
        ("De items van de cache worden nu met `check_age` gecontroleerd.", "en", False),
        ("Wpisy są teraz sprawdzane przez `check_age`.", "en", False),
        ("Entri cache sekarang diperiksa dengan `check_age` untuk usia.", "en", False),
        ("Update the es, fr, de and la catalogues; el is left as it is.", "en", True),
        ("Use std::vec in src/de/la.rs, le_bytes and $el of das.yml for Le Corbusier.", "en", True),
        ("The title says “le cache est vérifié dans la fonction” and `une des` more.", "en", True),
        ("Thanks to José and Jürgen for the patch.", "en", True),
        ("Renamed foo_bar to foo_baz.", "en", True),
        ("缓存会检查 `load_entry` 的时间，由 le cache 负责。", "zh-CN", True),
        ("Le cache vérifie désormais l'âge des entrées.", "zh-CN", False),
    ],
)
def test_languages(text: str, language: Language, right: bool) -> None:
    assert is_in(text, language) == right
