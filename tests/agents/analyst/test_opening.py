"""The day's opening paragraph, checked like every answer."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from agents.analyzers import static
from agents.analyzers.llm.opening import opening
from agents.analyzers.llm.prompt import Prompts
from agents.analyzers.llm.remembered import Respondents
from schemas.definition import Definition, Source
from schemas.reports import Coverage, Opening, ReportedCommit, ReportPublished, RepoSection, Stats
from tests.agents.analyst.script import AT, Reply, Script, fixed, gone, too_long

REPO = "github.com/acme/rockets"


def _report(commits: int = 3) -> ReportPublished:
    analysis = static.analyze(fixed()).analysis
    listed = tuple(
        ReportedCommit(
            repo=REPO,
            sha=f"{n:040x}",
            committed_at=AT,
            author="Ada",
            title=f"Refuse old entries of `table_{n}`",
            tier="high" if n == commits - 1 else "low",
            points=1,
            analyzer="static/1",
            status="done",
            analysis=analysis,
        )
        for n in range(commits)
    )
    return ReportPublished(
        definition=Definition(name="daily", sources=(Source(repo=REPO, branch="main"),), zone="UTC", language="en"),
        day=date(2026, 2, 11),
        revision=1,
        start=AT,
        end=AT,
        complete=True,
        as_of=AT,
        coverage=Coverage(commits=commits, repos=1),
        sections=(RepoSection(repo=REPO, branch="main", stats=Stats(commits=commits, high=1), commits=listed),),
        digest="d",
        published_at=AT,
    )


def _opened(script: Script, commits: int = 3) -> Opening | None:
    return asyncio.run(opening(_report(commits), script)).opening


def _said(*sentences: str) -> Reply:
    return json.dumps({"sentences": sentences})


def test_a_paragraph_of_what_the_report_says() -> None:
    script = Script(_said("Old entries are refused.", "It begins with `table_2`.", "In all, 3 commits came."))
    opened = _opened(script)
    assert opened is not None
    assert opened.text == "Old entries are refused. It begins with `table_2`. In all, 3 commits came."
    assert opened.effort.calls[0].outcome == "good"
    text = script.asked[0].messages[-1].content
    assert text.startswith("Commit: daily@2026-02-11\nTitle: daily 2026-02-11\nLanguage: en\n")
    assert text.index("table_2") < text.index("table_0")  # the important one first


def test_inventions_are_dropped() -> None:
    opened = _opened(Script(_said("Old entries are refused.", "It is 40% faster.", "Readers of `table_1` see it.")))
    assert opened is not None
    assert opened.text == "Old entries are refused. Readers of `table_1` see it."
    assert opened.effort.dropped == 1


def test_nothing_is_better_than_a_wrong_paragraph() -> None:
    assert _opened(Script(_said("It is 40% faster.", "See `made_up.py`.", "好。"))) is None
    assert _opened(Script(_said("Rien de neuf.", "Le cache.", "Des tests."))) is None
    assert _opened(Script("no")) is None
    assert _opened(Script(gone())) is None
    assert _opened(Script(too_long())) is None
    assert _opened(Script("no"), commits=0) is None


def test_the_calls_of_a_failure_are_told() -> None:
    made = asyncio.run(opening(_report(), Script(too_long(), "no", gone())))
    assert (made.opening, [call.outcome for call in made.calls]) == (None, ["too_long", "invalid", "transient"])
    made = asyncio.run(opening(_report(), Script("no", _said("Old entries are refused.", "It begins with `table_2`."))))
    assert made.opening is not None
    assert made.calls == made.opening.effort.calls
    assert len(made.calls) == 2


CHAIN = Respondents({"elsewhere": "n", "test": "m"})
SAID = ("Old entries are refused.", "It begins with `table_2`.", "In all, 3 commits came.")


def _again(
    report: ReportPublished, earlier: Opening | None, script: Script, chain: Respondents = CHAIN
) -> Opening | None:
    return asyncio.run(opening(report, script, earlier=earlier, respondents=chain)).opening


@pytest.mark.parametrize("replies", [(), (too_long(), too_long())])
def test_the_same_question_is_answered_once(replies: tuple[Reply, ...]) -> None:
    script = Script(*replies, _said(*SAID))
    first = _again(_report(), None, script)
    assert first is not None
    later = _report().model_copy(update={"revision": 2, "late_total": 9, "digest": "e"})
    second = _again(later, first, script)
    assert second is not None
    assert (second.text, second.effort.calls, second.effort.cached) == (first.text, (), True)
    assert second.effort.model == "m"
    assert _again(later, second, script, Respondents({"moved": "m"})) == second
    assert len(script.asked) == len(replies) + 1


def test_another_day_model_or_prompt_is_asked_about(tmp_path: Path) -> None:
    first = _again(_report(), None, Script(_said(*SAID)))
    script = Script(_said(*SAID[:2]))
    other = _report().model_copy(update={"day": date(2026, 2, 12)})
    for asked, (report, chain) in enumerate(
        [(other, CHAIN), (_report(4), CHAIN), (_report(), Respondents({"elsewhere": "n"}))], start=1
    ):
        made = _again(report, first, script, chain)
        assert made is not None
        assert (made.effort.cached, len(script.asked)) == (False, asked)
    shutil.copytree(str(files("agents.analyzers.llm").joinpath("prompts")), tmp_path / "prompts")
    with (tmp_path / "prompts" / "opening.en.md").open("a", encoding="utf-8") as file:
        file.write("- Be brief.\n")
    prompts = Prompts(tmp_path / "prompts")
    asyncio.run(opening(_report(), script, prompts, earlier=first, respondents=CHAIN))
    assert len(script.asked) == 4


def test_an_earlier_opening_is_checked_again() -> None:
    first = _again(_report(), None, Script(_said(*SAID)))
    assert first is not None
    counted = _report().model_copy(update={"coverage": Coverage(commits=4, repos=1)})
    sections = tuple(s.model_copy(update={"stats": Stats(commits=4, high=1)}) for s in counted.sections)
    made = _again(counted.model_copy(update={"sections": sections}), first, Script(_said(*SAID[:2])))
    assert made is not None
    assert (made.text, made.effort.cached) == (" ".join(SAID[:2]), False)


def test_a_busy_day_is_cut_to_its_weightiest_commits() -> None:
    script = Script(too_long(), _said("Old entries are refused.", "It begins with `table_1999`.", "So be it."))
    assert _opened(script, commits=2_000) is not None
    assert [len(question.messages[-1].content) < 40_000 for question in script.asked] == [True, True]
