"""The day's opening paragraph, checked like every answer."""

from __future__ import annotations

import asyncio
import json
from datetime import date

from agents.analyzers import static
from agents.analyzers.llm.opening import opening
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


def test_a_busy_day_is_cut_to_its_weightiest_commits() -> None:
    script = Script(too_long(), _said("Old entries are refused.", "It begins with `table_1999`.", "So be it."))
    assert _opened(script, commits=2_000) is not None
    assert [len(question.messages[-1].content) < 40_000 for question in script.asked] == [True, True]
