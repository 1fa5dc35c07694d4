"""How much a look takes on at once changes nothing of what is published in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.aggregator import Aggregator, WindowKey
from reports.notebook import Notebook
from schemas.definition import Definition, Source
from schemas.model import Event
from schemas.reports import ReportPublished
from schemas.windows import Cause, WindowTouched
from tests.reports.answered import by_model, judged, owed
from tests.samples import AFTER, DAY, NOON, analyzed, answers, commit, seal

SOURCES = {name: Source(repo=f"github.com/acme/{name}", branch="main") for name in ("air", "sea", "soil")}
DEFINITIONS = {
    name: Definition(name=name, sources=(source,), zone="UTC", language="en") for name, source in SOURCES.items()
}
DAYS = [DAY - timedelta(days=ago) for ago in range(4)]
NEVER = timedelta(days=1_000)  # how long a window has waited hangs on how often it is looked at
LOOKS = 500  # more than any of these histories needs


@dataclass(frozen=True)
class Sealed:
    """A source tells of `fresh` commits more on a day, and that a commit of an earlier day arrived on it."""

    window: WindowKey
    fresh: int
    brings_late: bool


@dataclass(frozen=True)
class Answered:
    """Something is said of every commit of a day so far, or of every second one."""

    window: WindowKey
    every: int
    how: Literal["static", "model", "owed"]


@dataclass(frozen=True)
class Touched:
    window: WindowKey
    cause: Cause


Step = Sealed | Answered | Touched
Moment = tuple[Sequence[Step], int, int]  # what comes, minutes that pass before, touches that are looked at together

windows = st.tuples(st.sampled_from(sorted(SOURCES)), st.sampled_from(DAYS))
steps = st.one_of(
    st.builds(Sealed, windows, st.integers(0, 4), st.booleans()),
    st.builds(Answered, windows, st.sampled_from([1, 1, 2]), st.sampled_from(["static", "model", "owed"])),
    st.builds(Touched, windows, st.sampled_from(["rows", "debt", "asked", "closing"])),
)
moments = st.tuples(
    st.lists(steps, min_size=4, max_size=12), st.sampled_from([0, 10, 70, 25 * 60]), st.sampled_from([5, 100])
)


@dataclass
class Desk:
    """An aggregator that is told a history, and looks at windows until none is left to look at."""

    models: bool
    notebook: Notebook = field(default_factory=Notebook)
    now = AFTER
    seals: dict[WindowKey, tuple[tuple[int, ...], dict[int, date], int]] = field(default_factory=dict)
    commits: list[WindowKey] = field(default_factory=list)  # by number
    rounds: dict[int, int] = field(default_factory=dict)
    published: list[tuple[WindowKey, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.aggregator = Aggregator(
            self.notebook, self.notebook, DEFINITIONS, lambda: self.now, models=self.models, close_limit=NEVER
        )

    async def live(self, history: Sequence[Moment]) -> None:
        for coming, passed, together in history:
            self.now += timedelta(minutes=passed)
            events, touches = [], []
            for step in coming:
                said, touched = self._told(step)
                events += said
                touches += touched
            await self.notebook.write(events)
            await self._look(touches, together)

    async def _look(self, touches: list[WindowTouched], together: int) -> None:
        for _ in range(LOOKS):
            if not touches:
                return
            said = await self.aggregator.look(touches[:together])
            reports = [event for event in said if isinstance(event, ReportPublished)]
            await self.notebook.mark_published(reports)
            self.published += [((one.definition.name, one.day), one.revision, one.digest) for one in reports]
            touches = touches[together:] + [event for event in said if isinstance(event, WindowTouched)]
        pytest.fail("the looks do not end")

    def _told(self, step: Step) -> tuple[list[Event], list[WindowTouched]]:
        if isinstance(step, Touched):
            return [], [touch(step.window, step.cause)]
        if isinstance(step, Sealed):
            return [self._seal(step)], [touch(step.window, "seal")]
        numbers = [number for number, window in enumerate(self.commits) if window == step.window][:: step.every]
        return [event for n in numbers for event in self._answer(n, step.how)], [touch(step.window, "rows")]

    def _seal(self, step: Sealed) -> Event:
        name, day = step.window
        known, late, count = self.seals.get(step.window, ((), {}, 0))
        earlier = [n for n, (other, of) in enumerate(self.commits) if other == name and of < day and n not in late]
        if step.brings_late and earlier:
            late = {**late, earlier[-1]: self.commits[earlier[-1]][1]}
        known += tuple(range(len(self.commits), len(self.commits) + step.fresh))
        self.commits += [step.window] * step.fresh
        self.seals[step.window] = known, late, count + 1
        return seal(*known, source=SOURCES[name], day=day, number=count + 1, late=late)

    def _answer(self, number: int, how: str) -> list[Event]:
        name, day = self.commits[number]
        seen = commit(number, repo=SOURCES[name].repo, at=NOON - (DAY - day))
        if how == "static":
            return [*answers(seen)]
        self.rounds[number] = self.rounds.get(number, 0) + 1
        made = (by_model if how == "model" else owed)(seen, step=self.rounds[number])
        return [seen, analyzed(seen), made, judged(made)]


def touch(window: WindowKey, cause: Cause) -> WindowTouched:
    return WindowTouched(definition=window[0], day=window[1], cause=cause)


def lived(history: Sequence[Moment], portion: int, *, models: bool) -> Mapping[str, object]:
    """What such a history leaves when about `portion` commits are looked at at once."""
    desk = Desk(models)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reports.aggregator.PORTION", portion)
        asyncio.run(desk.live(history))
    touched = [step for coming, *_ in history for step in coming if isinstance(step, Touched)]
    closed = {step.window for step in touched if step.cause == "closing"}
    return {
        "published": sorted(desk.published),
        "waiting": desk.aggregator.waiting - closed,  # whether a closed one waits again hangs on the looks after it
        "held": desk.aggregator.held,
    }


@settings(max_examples=150)
@given(st.lists(moments, min_size=3, max_size=8), st.integers(0, 6), st.booleans())
def test_small_looks_end_in_what_one_look_at_everything_does(history: list[Moment], portion: int, models: bool) -> None:
    assert lived(history, portion, models=models) == lived(history, 10**6, models=models)
