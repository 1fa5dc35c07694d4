"""The aggregator: a window is published when it is ready, once per content, also after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.aggregator import Aggregator, Settled
from reports.notebook import Notebook
from schemas.errors import Retry
from schemas.model import Event
from schemas.reports import ReportPublished
from schemas.windows import WindowTouched
from tests.samples import AFTER, DAY, DEFINITION, NOON, analyzed, answers, commit, scored, seal, sha

TOUCH = WindowTouched(definition="daily", day=DAY, cause="rows")


class Desk:
    """An aggregator over a notebook, with a clock that can be set."""

    def __init__(self, notebook: Notebook | None = None) -> None:
        self.notebook = notebook or Notebook()
        self.now: datetime = AFTER
        self.settled: list[Settled] = []
        self.aggregator = Aggregator(
            self.notebook, self.notebook, {"daily": DEFINITION}, lambda: self.now, settled=self.settled.append
        )

    async def write(self, *events: Event) -> None:
        await self.notebook.write(events)

    async def look(self, cause: Literal["rows", "closing"] = "rows", day: date = DAY) -> list[ReportPublished]:
        """What is published once all touches are looked at, those that the aggregator makes included."""
        touches, published = [WindowTouched(definition="daily", day=day, cause=cause)], []
        while touches:
            said = await self.aggregator.look(touches)
            published += [event for event in said if isinstance(event, ReportPublished)]
            touches = [event for event in said if isinstance(event, WindowTouched)]
        return published


def run(test: Callable[[Desk], Awaitable[None]]) -> None:
    async def go() -> None:
        await test(Desk())

    asyncio.run(go())


def test_without_a_seal_there_is_nothing_to_say() -> None:
    async def test(desk: Desk) -> None:
        await desk.write(*answers(commit(1)))
        assert await desk.look() == []
        assert await desk.look("closing") == []
        assert desk.settled == []

    run(test)


def test_a_window_waits_for_every_commit_and_is_published_once() -> None:
    async def test(desk: Desk) -> None:
        await desk.write(seal(1, 2), *answers(commit(1)), commit(2))
        assert await desk.look() == []
        await desk.write(analyzed(commit(2)), scored(commit(2)))
        (report,) = await desk.look()
        assert (report.revision, report.coverage.commits) == (1, 2)
        assert await desk.look() == []
        assert [settled.revision for settled in desk.settled] == [1], "what stands is not folded again"

    run(test)


def test_a_waiting_window_is_looked_at_again_when_another_day_is_touched() -> None:
    async def test(desk: Desk) -> None:
        late = commit(2, at=NOON - timedelta(days=1))
        await desk.write(seal(1, late={2: DAY - timedelta(days=1)}), *answers(commit(1)))
        assert await desk.look() == []
        await desk.write(*answers(late))
        (report,) = await desk.look(day=DAY - timedelta(days=1))
        assert [arrived.sha for arrived in report.late] == [sha(2)]

    run(test)


@pytest.mark.parametrize("wait", ["closing", "limit"])
def test_a_window_that_waited_enough_says_what_is_missing(wait: str) -> None:
    async def test(desk: Desk) -> None:
        await desk.write(seal(1, 2), *answers(commit(1)))
        if wait == "limit":
            desk.now = AFTER + timedelta(days=2)  # the seal is old, but nobody has waited yet
            assert await desk.look() == []
            desk.now += timedelta(hours=1, seconds=1)
        (report,) = await desk.look("closing" if wait == "closing" else "rows")
        assert report.sections[0].missing == (sha(2),)
        await desk.write(*answers(commit(2)))
        (revised,) = await desk.look()
        assert (revised.revision, revised.coverage.missing) == (2, 0)

    run(test)


def test_a_report_that_a_crash_kept_from_the_topic_is_said_again_unchanged() -> None:
    async def test(desk: Desk) -> None:
        await desk.write(seal(1), *answers(commit(1)))
        (lost,) = await desk.look()
        again = Desk(desk.notebook)
        again.now = AFTER + timedelta(minutes=5)
        (said,) = await again.look()
        assert said == lost
        await desk.notebook.mark_published([said])
        assert await Desk(desk.notebook).look() == []

    run(test)


class Flaky(Notebook):
    """Refuses the first question after the report was saved."""

    refused = False

    async def published(self, name: str, days: Collection[date]) -> dict[date, int]:
        if not self.refused:
            self.refused = True
            raise Retry("the store is away")
        return {}


def test_an_error_after_saving_loses_nothing() -> None:
    async def test(_: Desk) -> None:
        desk = Desk(Flaky())
        await desk.write(seal(1), *answers(commit(1)))
        with pytest.raises(Retry):
            await desk.look()
        (report,) = await desk.look()
        assert report.revision == 1

    run(test)


@given(st.permutations(list(range(10))), st.data())
def test_any_order_of_arrival_ends_in_one_report(order: list[int], data: st.DataObject) -> None:
    async def test(desk: Desk) -> None:
        events: list[Event] = [seal(1, 2, 3), *answers(commit(1)), *answers(commit(2)), *answers(commit(3))]
        published: list[ReportPublished] = []
        for index in order:
            await desk.write(*([events[index]] * data.draw(st.integers(1, 2))))
            published += await desk.look()
        assert [report.revision for report in published] == [1]
        assert published[0].coverage.commits == 3

    run(test)


def test_more_windows_than_belong_into_memory_are_published_in_portions() -> None:
    async def test(desk: Desk) -> None:
        days = [DAY - timedelta(days=n) for n in range(6)]
        for n, day in enumerate(days):
            numbers = range(300 * n, 300 * n + 300)
            noon = NOON - timedelta(days=n)
            await desk.write(seal(*numbers, day=day), *(e for i in numbers for e in answers(commit(i, at=noon))))
        touches = [WindowTouched(definition="daily", day=day, cause="rows") for day in days]
        sizes, published = [], []
        while touches:
            said = await desk.aggregator.look(touches)
            reports = [event for event in said if isinstance(event, ReportPublished)]
            sizes.append(sum(report.coverage.commits for report in reports))
            published += [report.day for report in reports]
            touches = [event for event in said if isinstance(event, WindowTouched)]
        assert sorted(published) == sorted(days)
        assert max(sizes) <= 600

    run(test)


@pytest.mark.parametrize("commits", [1, 250, 600])
def test_windows_that_wait_are_looked_at_when_others_are_enough_for_a_look(commits: int) -> None:
    async def test(desk: Desk) -> None:
        full, before = DAY - timedelta(days=5), DAY - timedelta(days=1)
        late = commit(5_000, at=NOON - timedelta(days=1))
        await desk.write(seal(4_000, late={5_000: before}), *answers(commit(4_000)))
        assert await desk.look() == []
        await desk.write(*answers(late))
        for n in range(3):
            numbers, day = range(commits * n, commits * n + commits), full - timedelta(days=n)
            at = NOON - timedelta(days=5 + n)
            await desk.write(seal(*numbers, day=day), *(e for i in numbers for e in answers(commit(i, at=at))))
        touches, published = [TOUCH.model_copy(update={"day": full - timedelta(days=n)}) for n in range(3)], []
        while touches:
            said = await desk.aggregator.look(touches)
            published += [event.day for event in said if isinstance(event, ReportPublished)]
            touches = [event for event in said if isinstance(event, WindowTouched)]
            assert DAY not in {touch.day for touch in touches}  # it may be somebody else's by now
        assert sorted(published) == [full - timedelta(days=n) for n in (2, 1, 0)] + [DAY]
        assert desk.aggregator.waiting == set()

    run(test)


def test_a_day_that_nobody_asked_for_is_revised_but_not_begun() -> None:
    async def test(desk: Desk) -> None:
        asked: set[tuple[str, date]] = set()
        desk.aggregator = Aggregator(
            desk.notebook, desk.notebook, {"daily": DEFINITION}, lambda: desk.now, opens=asked.__contains__
        )
        await desk.write(seal(1), *answers(commit(1)))
        assert await desk.look() == []
        asked.add(("daily", DAY))
        assert [report.revision for report in await desk.look()] == [1]
        asked.clear()
        await desk.write(seal(1, 2, number=2), *answers(commit(2)))
        assert [report.revision for report in await desk.look()] == [2]

    run(test)


def test_what_was_folded_before_a_pause_undoes_nothing() -> None:
    """A process stands still between reading and saving, is taken for dead, and goes on when another has its window."""

    async def test(desk: Desk) -> None:
        await desk.write(seal(1), *answers(commit(1)))
        paused, going_on = asyncio.Event(), asyncio.Event()

        class Stopped(Notebook):
            """Shares what the desk has; saving waits for the end of the pause."""

            async def save_reports(
                self, reports: Sequence[ReportPublished], knowledge: Mapping[date, int]
            ) -> set[date]:
                paused.set()
                await going_on.wait()
                return await desk.notebook.save_reports(reports, knowledge)

        stopped = Stopped()
        stopped.__dict__ = desk.notebook.__dict__
        stale = Aggregator(stopped, stopped, {"daily": DEFINITION}, lambda: desk.now)
        looking = asyncio.ensure_future(stale.look([TOUCH]))
        await paused.wait()
        await desk.write(seal(1, 2, number=2), *answers(commit(2)))
        desk.now += timedelta(seconds=30)
        (report,) = await desk.look()
        going_on.set()
        assert await looking == [TOUCH], "it looks again instead of publishing"
        assert await desk.notebook.latest_reports("daily", [DAY]) == {DAY: report}
        assert await stale.look([TOUCH]) == [report]

    run(test)


def test_a_report_of_an_earlier_version_stands_as_long_as_it_says_the_same() -> None:
    async def test(desk: Desk) -> None:
        await desk.write(seal(1), *answers(commit(1)))
        (report,) = await desk.look()
        await desk.notebook.save_reports([report.model_copy(update={"digest": "made otherwise"})], {DAY: 2**60})
        assert await desk.look() == []
        await desk.write(seal(1, 2, number=2), *answers(commit(2)))
        assert [report.revision for report in await desk.look()] == [2]

    run(test)
