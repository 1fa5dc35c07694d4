"""Files of reports: what is told of them is told again as long as it may be lost; the latest revision is in them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from reports.deliveries.files import LEFT_SECONDS, ReportFiles, Written
from reports.notebook import Notebook
from schemas.definition import Language
from schemas.examples import REPORT
from schemas.reports import ReportPublished
from streams.deliverer import Deliverer

LATER = REPORT.model_copy(update={"revision": REPORT.revision + 1})


def delivering(files: ReportFiles, archive: Notebook) -> Deliverer:
    return Deliverer(files, archive, shared=True, wants=lambda window: True)


async def publish(archive: Notebook, report: ReportPublished) -> None:
    """As the aggregator of any process does it."""
    await archive.save_reports([report], {report.day: report.revision})
    await archive.mark_published([report])


def test_a_repetition_tells_the_same(tmp_path: Path) -> None:
    """A store that was away for another report of the same batch makes the stage handle all of it again."""

    async def go() -> None:
        deliverer = delivering(ReportFiles(tmp_path, ("json",), None), Notebook())
        told = await deliverer.deliver(REPORT)
        assert [Path(one.target).name for one in told] == [f"{REPORT.day}.json"]
        assert await deliverer.deliver(REPORT) == told
        assert [one.revision for one in await deliverer.deliver(LATER)] == [LATER.revision]
        assert await deliverer.deliver(REPORT) == [], "a later one is in its files"

    asyncio.run(go())


@dataclass(frozen=True)
class Paused(ReportFiles):
    """Of a process that stands still when it is about to write; what happens meanwhile."""

    meanwhile: Callable[[], None] = lambda: None

    def write(self, report: ReportPublished, language: Language | None = None) -> list[Written]:
        if report.revision == REPORT.revision:
            self.meanwhile()
        return super().write(report, language)


@pytest.mark.parametrize("form", ["md", "json"])
@pytest.mark.parametrize("late", ["before it looks", "before it writes"])
def test_a_late_process_leaves_the_latest_revision(tmp_path: Path, form: str, late: str) -> None:
    archive = Notebook()
    files = ReportFiles(tmp_path, (form,), None)

    async def other() -> None:
        await publish(archive, LATER)
        assert await delivering(files, archive).deliver(LATER)

    async def go() -> None:
        await publish(archive, REPORT)
        if late == "before it looks":
            await other()
            deliverer = delivering(files, archive)
        else:
            deliverer = delivering(Paused(tmp_path, (form,), None, lambda: asyncio.run(other())), archive)
        assert await deliverer.deliver(REPORT) == []
        assert not any(written.changed for written in files.write(LATER))
        assert [path.is_file() for path in deliverer.paths] == [True], "it is told where they are"

    asyncio.run(go())


def test_two_may_write_at_once(tmp_path: Path) -> None:
    files = ReportFiles(tmp_path)

    def write(report: ReportPublished) -> None:
        for _ in range(100):
            files.write(report)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, (REPORT, LATER)))
    assert sorted(path.suffix for path in (tmp_path / "daily").iterdir()) == [".json", ".md"]


def test_what_a_killed_writer_left_goes_when_nobody_can_be_writing_it(tmp_path: Path) -> None:
    files = ReportFiles(tmp_path)
    (written, *_) = files.write(REPORT)
    left, at_work = (written.path.with_name(f".{written.path.name}.{name}.half") for name in ("0a", "1b"))
    for half in (left, at_work):
        half.touch()
    os.utime(left, (0, time.time() - LEFT_SECONDS - 60))
    files.write(REPORT)
    assert (left.exists(), at_work.exists()) == (False, True)
