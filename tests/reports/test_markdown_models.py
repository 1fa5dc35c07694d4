"""A model's analyses on the page: all of it can be read, none of it is structure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from reports.catalogue import catalogue
from reports.renderers.coverage import opening_line
from reports.renderers.effort import effort_line
from reports.renderers.escape import GUARD
from reports.renderers.markdown import render_markdown
from schemas.analyses import DIMENSIONS, Analysis, ChangeType, Effort, Insights
from schemas.definition import LANGUAGES, Language
from schemas.phrase import Code, Phrase
from schemas.reports import Coverage, Opening, ReportedCommit, ReportPublished
from schemas.scores import TIERS, Part, Tier
from tests.checker import checker
from tests.reports.answered import CALL, text
from tests.reports.test_markdown import case, expected, one
from tests.reports.test_markdown_page import Page

HOSTILE = (
    "\n### 🔥 注入\n## owner/name\n注入\n===\n| 2026-01-01 00:00:00 | a | b |\n<script>alert(1)</script>"
    "<!-- [x](javascript:alert(1)) ![p](https://evil.example/p.png) <javascript:alert(1)> @everyone &lt;img&gt; "
    "\u202e\x1b[31m <a id='end'></a>\n---\n```\nunclosed"
)
WORSE = [
    HOSTILE,
    f"好。{HOSTILE}",
    f"{HOSTILE}{HOSTILE}",
    "# heading",
    "🔴 高重要度变更 (9)",
    "**SHA**：`0123456`",
    "</sub></a><br><details>",
    "[^1]: note\n\n    code\n1. one\n- two",
    "a | b\n|---|---|\n| c | d |",
    "[acme]: https://evil.example 'x'",
    "<https://evil.example> https://evil.example www.evil.example mail@evil.example",
    "{{ 7 * 7 }} {% raw %} ${x} $x$ :smile: #1 !2 GH-3 @acme/team",
    "```\n## a\n```",
    "`code` ``more`` `<br>`",
    "&#60;b&#62; &lt;b&gt; \\",
]


def said(commit: ReportedCommit, raw: str, tier: Tier) -> ReportedCommit:
    """The commit, with the raw text wherever a model or an endpoint may put one."""
    phrases = (text(raw), text(raw))
    risks = tuple(Phrase(code=Code.RISK_TEXT, args={"severity": name, "text": raw}) for name in ("high", raw))
    insights = Insights(**dict.fromkeys(DIMENSIONS, phrases))
    kinds = (ChangeType.FIX,)
    call = CALL.model_copy(update={"outcome": "invalid", "error": raw})
    opinion = Phrase(code=Code.PART_OPINION, args={"tier": "low", "reason": raw})
    told: dict[str, Any] = {
        "tier": tier,
        "depth": "deep",
        "status": "done",
        "reason": raw,
        "ruled": "high",
        "opinion": "low",
        "parts": (Part(name="opinion", points=0, evidence=opinion),),
        "analysis": Analysis(
            change_types=kinds, summary=phrases, scope=phrases, insights=insights, risks=risks, suggestions=phrases
        ),
        "effort": Effort(
            model=raw, calls=(call,), left_out=(raw, raw), left_out_total=3, pieces=2, masked=1, dropped=1
        ),
    }
    return replace(commit, **told)


def spoilt(raw: str) -> ReportPublished:
    """The golden day, where a model says nothing but this; one commit of each tier is owed."""
    report = case("day")
    sections = []
    for section in report.sections:
        commits = [said(commit, raw, commit.tier) for commit in section.commits]
        if commits:
            commits[0] = replace(commits[0], status="owed", depth="static")
        sections.append(section.model_copy(update={"commits": tuple(commits)}))
    coverage = Coverage(
        commits=8, repos=3, by_analyzer={f"llm ({raw})": 7}, owed=1, why_owed={raw: 1}, shallower=7, forgiven=1
    )
    opening = Opening(text=raw, effort=Effort(model=raw))
    return report.model_copy(update={"sections": tuple(sections), "coverage": coverage, "opening": opening})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("raw", WORSE)
def test_nothing_a_model_says_is_structure(raw: str, language: Language) -> None:
    harmless, harmful = spoilt("It is so."), spoilt(raw)
    good, bad = (Page(one(render_markdown(report, language=language))) for report in (harmless, harmful))
    assert bad.faults == []
    assert (bad.headings, bad.anchors, bad.links, bad.rows) == (good.headings, good.anchors, good.links, good.rows)
    assert checker().measure(bad.markdown, expected(harmful))["faults"] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tier", TIERS)
def test_everything_a_model_says_can_be_read(tier: Tier, language: Language) -> None:
    report = case("day")
    section = report.sections[0]
    commit = said(section.commits[0], "said", tier)
    parts = ("summary", "scope", "suggestions")
    told: dict[str, Any] = {name: (text(f"the {name} it gave"),) for name in parts if name != "scope" or tier != "low"}
    insights = Insights(security=(text("the insight it gave"),))
    risks = (Phrase(code=Code.RISK_TEXT, args={"severity": "medium", "text": "the risk it saw"}),)
    analysis = replace(commit.analysis, **told, insights=insights, risks=risks)
    commit = replace(commit, analysis=analysis)
    only = section.model_copy(update={"commits": (commit,)})
    read = Page(one(render_markdown(report.model_copy(update={"sections": (only,)}), language=language))).text()
    assert all(f"the {name} it gave" in read for name in told)
    assert ("the insight it gave" in read) == (tier != "low")
    assert {"en": "Medium risk: the risk it saw.", "zh-CN": "中风险：the risk it saw。"}[language] in read


def shown(tier: Tier, language: Language, **analysis: Any) -> str:
    """The page of a single commit of a tier that a model analyzed so."""
    report = case("day")
    section = report.sections[0]
    commit = said(section.commits[0], "Said.", tier)
    commit = replace(commit, analysis=replace(commit.analysis, **analysis))
    only = section.model_copy(update={"commits": (commit,)})
    return Page(one(render_markdown(report.model_copy(update={"sections": (only,)}), language=language))).text()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tier", TIERS)
def test_the_low_have_one_sentence(tier: Tier, language: Language) -> None:
    read = shown(tier, language, summary=(text("It is so."), text("That is why.")))
    assert "It is so." in read
    assert ("That is why." in read) == (tier != "low")


def test_sentences_of_a_scope_are_joined_as_sentences() -> None:
    scope = (text("Readers are affected."), text("Writers are not"))
    assert "Readers are affected. Writers are not." in shown("medium", "en", scope=scope)
    scope = (text("影响读取方。"), text("不影响写入方"))
    assert "影响读取方。不影响写入方。" in shown("medium", "zh-CN", scope=scope)


def test_facts_of_a_scope_are_joined_as_such() -> None:
    scope = tuple(Phrase(code=Code.SCOPE_LANGUAGES, args={"languages": (name,)}) for name in ("Go", "C"))
    assert "languages: Go; languages: C" in shown("medium", "en", scope=scope)
    assert "语言：Go；语言：C" in shown("medium", "zh-CN", scope=scope)


def commit_of(**told: Any) -> ReportedCommit:
    return replace(case("day").sections[0].commits[0], **told)


@pytest.mark.parametrize(
    ("told", "english", "chinese"),
    [
        ({"effort": Effort(model="m", calls=(CALL, CALL))}, "", ""),
        ({"effort": None}, "", ""),
        (
            {"effort": Effort(calls=(CALL.model_copy(update={"attempts": 3, "waited": 7.6, "error": "429"}),))},
            "⚙️ 3 attempts, 8 s of waiting; last fault: 429",
            "⚙️ 请求 3 次，等待 8 秒，最后的问题：429",
        ),
        (
            {"effort": Effort(calls=(CALL.model_copy(update={"outcome": "cut"}), CALL))},
            "⚙️ 2 attempts; last fault: cut answer",
            "⚙️ 请求 2 次，最后的问题：回答被截断",
        ),
        (
            {
                "status": "owed",
                "effort": Effort(calls=(CALL.model_copy(update={"outcome": "permanent", "error": "403"}),)),
            },
            "⚙️ 1 attempt",
            "⚙️ 请求 1 次",
        ),
        (
            {"reason": "no budget", "depth": "brief", "effort": Effort(masked=1, dropped=2)},
            "⚙️ less deep than wanted, brief: no budget · 1 secret masked before anything was sent"
            " · 2 statements dropped that the commit does not bear out",
            "⚙️ 比应有的浅，为简要分析：no budget · 发送前遮盖了 1 处密钥 · 去掉了与提交不符的 2 处说法",
        ),
        (
            {"effort": Effort(pieces=4, left_out=("a", "b", "c", "d"), left_out_total=70)},
            "⚙️ read in 4 parts · 70 files the model did not see: `a`, `b`, `c`",
            "⚙️ 分 4 段读完 · 模型没有看到 70 个文件的改动：`a`、`b`、`c`",
        ),
    ],
)
def test_effort_is_one_short_line(told: dict[str, object], english: str, chinese: str) -> None:
    commit = commit_of(**told)
    assert effort_line(commit, catalogue("en")) == english
    assert effort_line(commit, catalogue("zh-CN")) == chinese


def test_a_disagreement_is_seen() -> None:
    english, chinese = (one(render_markdown(case("models"), language=name)) for name in ("en", "zh-CN"))
    assert len(re.findall("规则判为.，模型认为.：", chinese)) == english.count("⚖️ The rules say ") == 2
    assert "⚖️ 规则判为中，模型认为高：影响所有会话的有效期。" in chinese
    assert "💬 模型认为低：只有文档。" in chinese


def test_debts_and_their_reasons_are_seen() -> None:
    english = one(render_markdown(case("models"), language="en"))
    assert "1 analysis owed (static analysis shown instead) · 2 less deep than wanted · 1 owed and given up" in english
    assert "Why analyses are owed or less deep: main: 503 server_error (2)" in english
    assert "A model's analysis is owed: main: 503 server_error." in english
    assert "6 analyzed (5 by llm (qwen3-32b), 1 by static/1)" in english


def test_a_report_without_a_model_says_so() -> None:
    for language, words in {"en": "8 analyzed (static/1, without a model)", "zh-CN": "（static/1，未用模型）"}.items():
        assert words in one(render_markdown(case("day"), language=language))  # type: ignore[arg-type]


def test_an_empty_opening_is_none() -> None:
    assert opening_line(Opening(text=" \n", effort=Effort()), catalogue("en")) == ""
    assert opening_line(None, catalogue("en")) == ""
    line = opening_line(Opening(text="a\n\n# b", effort=Effort(model="m")), catalogue("en"))
    assert line.replace(GUARD, "") == "🗞️ **The day in brief, by the model m**: a # b."
