"""The definitions that a process knows: what others bind meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

from streams.definitions import Definitions
from streams.store.store import Store
from tests.samples import DEFINITION, commit


def test_who_keeps_up_waits_for_what_others_are_reading(tmp_path: Path) -> None:
    async def run() -> None:
        store = await Store.open(f"chdb://{tmp_path / 'store'}")
        try:
            definitions = Definitions(store)
            await definitions.refresh()
            await store.bind(DEFINITION)
            news = asyncio.ensure_future(definitions.know([commit(1)]))
            await asyncio.sleep(0)  # it has begun
            await definitions.keep_up()
            assert definitions == {DEFINITION.name: DEFINITION}
            await news
        finally:
            await store.close()

    asyncio.run(run())
