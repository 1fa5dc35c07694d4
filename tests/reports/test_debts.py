"""A model's analyses in a report: what is owed is said, shown otherwise meanwhile, and paid in few revisions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from reports.aggregator import Aggregator
from reports.fold import fold
from reports.notebook import Known, Notebook
from reports.window import Window
from schemas.analyses import ChangeType, CommitAnalyzed, Effort, Importance
from schemas.commits import CommitObserved
from schemas.errors import Retry
from schemas.phrase import Code, Phrase
from schemas.reports import Opening, ReportedCommit, ReportPublished
from schemas.scores import Tier
from tests.reports.answered import CALL, SPOKEN, by_model, judged, owed, told
from tests.reports.test_aggregator import Desk
from tests.samples import AFTER, DAY, DEFINITION, NOON, SOURCE, analyzed, answers, commit, minutes, scored, seal, sha

HOUR = timedelta(hours=1)


def folded(*rows: Known, previous: ReportPublished | None = None) -> ReportPublished:
    numbers = [int(row.observed.sha, 16) for row in rows]
    return fold(Window(DEFINITION, DAY, {SOURCE: seal(*numbers)}), rows, previous=previous, now=AFTER)


def row(number: int, made: Callable[[CommitObserved], CommitAnalyzed] | None = None) -> Known:
    """What is known of a commit with that answer of a model, as the store tells it."""
    seen = commit(number, at=NOON + minutes(number))
    said = made(seen) if made else analyzed(seen)
    return Known(
        seen,
        said if said.status == "done" else analyzed(seen),
        judged(said),
        None if said.status == "done" else said,
    )


def shown(report: ReportPublished, number: int) -> ReportedCommit:
    return next(one for section in report.sections for one in section.commits if one.sha == sha(number))


def test_a_models_analysis_stands_with_depth_effort_and_opinion() -> None:
    report = folded(row(1, lambda seen: by_model(seen, opinion="high", depth="deep")), row(2))
    made = shown(report, 1)
    assert (made.status, made.depth, made.analyzer, made.reason) == ("done", "deep", "llm", None)
    assert (made.ruled, made.opinion) == ("medium", "high")
    assert made.effort is not None
    assert report.coverage.by_analyzer == {"llm (m1)": 1, "static/1": 1}
    assert (report.coverage.owed, report.coverage.shallower) == (0, 0)


def test_an_opinion_speaks_the_reports_language() -> None:
    seen = commit(1)
    made, chinese = by_model(seen, opinion="high"), by_model(seen, opinion="high", language="zh-CN", step=2)
    other = chinese.model_copy(update={"importance": Importance(tier="high", reason="影响很大")})
    cases: list[tuple[Tier, str]] = [("high", "because"), ("low", "")]
    for opinion, reason in cases:
        analysis = made.model_copy(update={"importance": Importance(tier=opinion, reason="because")})
        said = shown(folded(Known(seen, analysis, judged(other))), 1).parts[-1].evidence
        assert said.args == {"tier": "high", "reason": reason}


@pytest.mark.parametrize("status", ["owed", "forgiven", "failed"])
def test_a_debt_shows_the_static_analysis_and_why(status: str) -> None:
    report = folded(row(1, lambda seen: owed(seen, "gone", status=status)))
    said = shown(report, 1)
    assert (said.status, said.reason, said.analyzer, said.depth) == (status, "gone", "static/1", "static")
    assert said.analysis == analyzed(commit(1)).analysis
    assert getattr(report.coverage, status) == 1
    assert report.coverage.by_analyzer == {}
    assert report.coverage.why_owed == ({"gone": 1} if status == "owed" else {})


def test_a_better_analysis_of_before_is_no_debt() -> None:
    seen = commit(1)
    made = by_model(seen)
    report = folded(Known(seen, made, judged(made), owed(seen, step=2)))
    assert (shown(report, 1).status, report.coverage.owed) == ("done", 0)


def test_what_a_closed_day_did_not_wait_for_is_owed() -> None:
    seen = commit(1)
    waiting = Known(seen, analyzed(seen), judged(analyzed(seen), final=False))
    elsewhere = Known(seen, analyzed(seen), judged(by_model(seen, language="zh-CN")))
    for known in (waiting, elsewhere):
        assert folded(known).coverage.owed == 1
    assert folded(Known(seen, analyzed(seen), judged(analyzed(seen)))).coverage.owed == 0


def test_an_analysis_of_less_depth_than_wanted_is_counted_with_its_reason() -> None:
    lowered = {"wanted": "deep", "reason": "the budget is spent"}
    rows = [row(n, lambda seen: by_model(seen).model_copy(update=lowered)) for n in (1, 2)]
    report = folded(*rows, row(3, lambda seen: owed(seen, "gone")))
    assert (report.coverage.shallower, report.coverage.owed) == (2, 1)
    assert list(report.coverage.why_owed.items()) == [("the budget is spent", 2), ("gone", 1)]
    assert shown(report, 1).reason == "the budget is spent"


def test_few_reasons_are_counted() -> None:
    rows = [row(n, lambda seen: owed(seen, f"reason {seen.sha[-1]}")) for n in range(1, 10)]
    assert len(folded(*rows).coverage.why_owed) == 5


def test_effort_and_reasons_are_no_content() -> None:
    other = CALL.model_copy(update={"id": "2" * 32, "prompt_tokens": 900, "attempts": 3})
    assert folded(row(1, by_model)).digest == folded(row(1, lambda seen: by_model(seen, call=other))).digest
    assert folded(row(1, owed)).digest == folded(row(1, lambda seen: owed(seen, "503 now"))).digest
    assert folded(row(1, by_model)).digest != folded(row(1, lambda seen: by_model(seen, "Else."))).digest
    assert folded(row(1, by_model)).digest != folded(row(1, lambda seen: by_model(seen, depth="deep"))).digest
    opened = folded(row(1)).model_copy(update={"opening": Opening(text="A day.", effort=Effort())})
    assert (
        fold(Window(DEFINITION, DAY, {SOURCE: seal(1)}), [row(1)], previous=opened, now=AFTER).digest == opened.digest
    )


def test_paid_debts_and_deeper_analyses_are_changes() -> None:
    first = folded(row(1, owed), row(2, by_model), row(3, by_model))
    deeper = row(2, lambda seen: by_model(seen, depth="deep", step=2))
    again = row(3, lambda seen: by_model(seen, call=CALL.model_copy(update={"model": "m2"})))
    second = folded(row(1, by_model), deeper, again, previous=first)
    assert second.changes is not None
    assert {changed.sha for changed in second.changes.reanalyzed} == {sha(1), sha(2)}


def test_a_revert_is_linked_whoever_analyzed_it() -> None:
    seen = commit(2, 'Revert "commit 1"', at=NOON + minutes(2))
    static = analyzed(seen, Phrase(code=Code.SUMMARY_REVERT, args={"title": "commit 1", "sha": ""}))
    facts = replace(static.facts, change_types=(ChangeType.REVERT,))
    static = static.model_copy(update={"facts": facts})
    made = static.model_copy(update={"analysis": by_model(seen).analysis, "depth": "deep"})
    for said in (static, made):
        report = folded(row(1), Known(seen, said, scored(seen)))
        assert (shown(report, 2).reverts, shown(report, 1).reverted_by) == (sha(1), sha(2))


class ModelDesk(Desk):
    """A desk where a model is in use, and asked for openings."""

    def __init__(self, notebook: Notebook | None = None) -> None:
        super().__init__(notebook)
        self.opened: list[int] = []
        self.aggregator = Aggregator(
            self.notebook,
            self.notebook,
            {"daily": DEFINITION},
            lambda: self.now,
            settled=self.settled.append,
            models=True,
            opener=self.open,
        )

    async def open(self, report: ReportPublished) -> Opening | None:
        self.opened.append(report.revision)
        if report.revision == 2:
            raise RuntimeError("the model is away")
        return Opening(text=f"Revision {report.revision}.", effort=Effort())


def run(test: Callable[[ModelDesk], Awaitable[None]]) -> None:
    async def go() -> None:
        await test(ModelDesk())

    asyncio.run(go())


def test_a_window_waits_for_the_model_in_the_definitions_language() -> None:
    async def test(desk: ModelDesk) -> None:
        seen = commit(1)
        await desk.write(seal(1), *told(seen, by_model(seen, language="zh-CN", step=2)))
        assert await desk.look() == []
        await desk.write(by_model(seen))
        (report,) = await desk.look()
        assert shown(report, 1).analysis.summary[0].args["text"] == SPOKEN
        assert report.opening == Opening(text="Revision 1.", effort=Effort())
        assert await desk.notebook.latest_reports("daily", [DAY]) == {DAY: report}

    run(test)


def test_a_score_that_is_not_final_is_waited_for_where_a_model_is_in_use() -> None:
    async def test(desk: ModelDesk) -> None:
        made = by_model(commit(1))
        *before, last = told(commit(1), made)
        await desk.write(seal(1), *before, judged(made, final=False))
        assert await desk.look() == []
        await desk.write(last)
        assert len(await desk.look()) == 1

    run(test)


def test_merges_and_debts_are_answers_too() -> None:
    async def test(desk: ModelDesk) -> None:
        merge = commit(2).model_copy(update={"parents": (sha(8), sha(9))})
        await desk.write(seal(1, 2), *told(commit(1), owed(commit(1))), *answers(merge))
        (report,) = await desk.look()
        assert (report.coverage.owed, report.coverage.by_analyzer) == (1, {"static/1": 1})

    run(test)


def test_debts_are_told_once_a_day_until_the_last_is_paid() -> None:
    async def test(desk: ModelDesk) -> None:
        await desk.write(seal(1, 2, 3), *(e for n in (1, 2, 3) for e in told(commit(n), owed(commit(n)))))
        assert [report.coverage.owed for report in await desk.look()] == [3]
        for hours, paid, expected in ((1, 1, []), (22, None, []), (2, 2, [1]), (1, 3, [0])):
            desk.now += hours * HOUR
            if paid:
                made = by_model(commit(paid), step=2)
                await desk.write(made, judged(made))
            assert [report.coverage.owed for report in await desk.look()] == expected
            assert await desk.look() == []
        assert [settled.revision for settled in desk.settled] == [1, 1, 2, 3]
        assert desk.opened == [1, 2, 3]

    run(test)


def test_a_debt_that_is_forgiven_is_told_at_once_when_it_is_the_last() -> None:
    async def test(desk: ModelDesk) -> None:
        await desk.write(seal(1), *told(commit(1), owed(commit(1))))
        await desk.look()
        await desk.write(owed(commit(1), status="forgiven", step=2))
        (report,) = await desk.look()
        assert (report.coverage.owed, report.coverage.forgiven) == (0, 1)
        assert report.changes is not None
        assert [changed.sha for changed in report.changes.reanalyzed] == [sha(1)]

    run(test)


def test_a_failed_payment_makes_no_revision() -> None:
    async def test(desk: ModelDesk) -> None:
        await desk.write(seal(1), *told(commit(1), owed(commit(1))))
        await desk.look()
        for days in range(1, 4):
            desk.now += timedelta(days=days)
            await desk.write(owed(commit(1), f"403, day {days}", step=1 + days))
            assert await desk.look() == []
        assert desk.opened == [1]

    run(test)


def test_other_changes_do_not_wait_for_debts() -> None:
    async def test(desk: ModelDesk) -> None:
        await desk.write(seal(1, 2), *(e for n in (1, 2) for e in told(commit(n), owed(commit(n)))))
        await desk.look()
        made = by_model(commit(1), step=2)
        await desk.write(made, judged(made))
        assert await desk.look() == []
        await desk.write(seal(1, 2, 3, number=2), *told(commit(3), by_model(commit(3))))
        (report,) = await desk.look()
        assert (report.revision, report.coverage.owed, report.coverage.commits) == (2, 1, 3)
        assert report.opening is None  # asked for, in vain
        better = by_model(commit(3), "Better.", depth="deep", step=2)
        await desk.write(better, judged(better))
        assert [report.revision for report in await desk.look()] == [3]

    run(test)


def test_a_window_held_back_is_looked_at_again_with_the_first_touch_of_another_day() -> None:
    async def test(desk: ModelDesk) -> None:
        await desk.write(seal(1, 2), *(e for n in (1, 2) for e in told(commit(n), owed(commit(n)))))
        await desk.look()
        made = by_model(commit(1), step=2)
        await desk.write(made, judged(made))
        assert await desk.look() == []
        other = DAY + timedelta(days=1)
        desk.now += 23 * HOUR
        assert await desk.look(day=other) == []
        desk.now += HOUR
        assert [(report.day, report.revision) for report in await desk.look(day=other)] == [(DAY, 2)]

    run(test)


def test_what_was_held_back_is_told_by_a_repetition_when_it_could_not_be_saved() -> None:
    class Away(Notebook):
        away = False

        async def save_reports(self, reports: Sequence[ReportPublished], knowledge: Mapping[date, int]) -> set[date]:
            if self.away:
                raise Retry("the store is away")
            return await super().save_reports(reports, knowledge)

    async def test() -> None:
        notebook = Away()
        desk = ModelDesk(notebook)
        await desk.write(seal(1, 2), *(e for n in (1, 2) for e in told(commit(n), owed(commit(n)))))
        await desk.look()
        made = by_model(commit(1), step=2)
        await desk.write(made, judged(made))
        assert await desk.look() == []
        desk.now += timedelta(days=1)
        notebook.away = True
        with pytest.raises(Retry):
            await desk.look()
        notebook.away = False
        assert [report.revision for report in await desk.look()] == [2]

    asyncio.run(test())


def test_a_late_commits_debt_holds_the_report_back_too() -> None:
    async def test(desk: ModelDesk) -> None:
        early: date = DAY - timedelta(days=1)
        late = [commit(n, at=NOON - timedelta(days=1)) for n in (2, 3)]
        await desk.write(seal(1, late={2: early, 3: early}), *told(commit(1), by_model(commit(1))))
        await desk.write(*(event for seen in late for event in told(seen, owed(seen))))
        await desk.look()
        for seen, expected in zip(late, (0, 1), strict=True):
            made = by_model(seen, opinion="high", step=2)
            await desk.write(made, judged(made))
            assert len(await desk.look()) == expected

    run(test)
