"""Which windows rows touch."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.definition import Source
from streams.touches import touches
from tests.samples import DAY, DEFINITION, SOURCE, answers, commit, seal

SHANGHAI = DEFINITION.model_copy(update={"name": "sh", "zone": "Asia/Shanghai"})
OTHER = DEFINITION.model_copy(update={"name": "other", "sources": (Source(repo="github.com/a/b", branch="main"),)})


def test_rows_touch_each_window_once_by_the_day_in_its_zone() -> None:
    evening = datetime(2026, 2, 11, 20, tzinfo=UTC)
    events = [event for n in (1, 2) for event in answers(commit(n, at=evening))]
    found = touches(events, [DEFINITION, SHANGHAI, OTHER])
    assert {(t.definition, t.day.isoformat(), t.cause) for t in found} == {
        ("daily", "2026-02-11", "rows"),
        ("sh", "2026-02-12", "rows"),
    }
    assert len(found) == 2


def test_a_seal_touches_the_definitions_with_its_branch_and_zone() -> None:
    develop = seal(1, source=Source(repo=SOURCE.repo, branch="develop"))
    assert [(t.definition, t.day) for t in touches([seal(1)], [DEFINITION, SHANGHAI])] == [("daily", DAY)]
    assert touches([develop], [DEFINITION]) == []
