"""Files of reports: what is told of them is told again as long as it may be lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

from reports.deliveries.files import ReportFiles
from reports.notebook import Notebook
from schemas.examples import REPORT
from streams.deliverer import Deliverer


def test_a_repetition_tells_the_same(tmp_path: Path) -> None:
    """A store that was away for another report of the same batch makes the stage handle all of it again."""

    async def go() -> None:
        deliverer = Deliverer(ReportFiles(tmp_path, ("json",), None), Notebook(), wants=lambda window: True)
        told = await deliverer.deliver(REPORT)
        assert [Path(one.target).name for one in told] == [f"{REPORT.day}.json"]
        assert await deliverer.deliver(REPORT) == told
        later = REPORT.model_copy(update={"revision": REPORT.revision + 1})
        assert [one.revision for one in await deliverer.deliver(later)] == [later.revision]
        assert await deliverer.deliver(REPORT) == [], "a later one is in its files"

    asyncio.run(go())
