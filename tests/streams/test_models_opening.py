"""Openings of reports: what was said of a day is not asked for again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agents.llm.settings import EndpointSettings
from schemas.reports import Opening, ReportPublished
from streams.clock import SystemClock
from streams.config import Settings
from streams.models import Models
from streams.store.store import Store
from tests.agents.llm.endpoint import serving
from tests.reports.test_markdown import case


async def _opened(store: Store, settings: EndpointSettings, report: ReportPublished) -> Opening:
    """What models that were just started say of it."""
    models = await Models.of([settings], store, SystemClock(), Settings(), lambda _: None)
    try:
        opening = await models.open(report)
    finally:
        await models.close()
    assert opening is not None
    return opening


def test_a_further_revision_and_a_restart_ask_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        with serving() as endpoint:
            store = await Store.open(f"chdb://{tmp_path / 'store'}")
            try:
                settings = EndpointSettings(url=endpoint.url, model="m", name="ours")
                first = case("day")
                opening = await _opened(store, settings, first)
                asked = endpoint.count("requests")
                again = first.model_copy(update={"revision": first.revision + 1, "late_total": 7, "digest": "another"})
                reused = await _opened(store, settings, again)
                assert endpoint.count("requests") == asked
                assert (reused.text, reused.effort.cached, reused.effort.calls) == (opening.text, True, ())
                other = settings.model_copy(update={"model": "another"})
                assert not (await _opened(store, other, again)).effort.cached
                assert endpoint.count("requests") > asked
            finally:
                await store.close()

    asyncio.run(run())
