"""Reads that are made together: each asker gets what belongs to its key, errors included."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest

from streams.store.together import Together


class Shelf:
    """Knows the squares of even numbers, and counts how often it is looked at."""

    def __init__(self) -> None:
        self.looks: list[list[int]] = []
        self.error: Exception | None = None

    async def read(self, keys: Collection[int]) -> dict[int, int]:
        self.looks.append(sorted(keys))
        if self.error is not None:
            raise self.error
        return {key: key * key for key in keys if key % 2 == 0}


def test_what_is_asked_at_once_is_read_once() -> None:
    shelf = Shelf()

    async def ask() -> list[int | None]:
        together = Together(shelf.read, pause=0)
        first = await asyncio.gather(*map(together.get, (2, 3, 4, 2)))
        return [*first, await together.get(2)]

    assert asyncio.run(ask()) == [4, None, 16, 4, 4]
    assert shelf.looks == [[2, 3, 4], [2]], "what was read is not remembered"


def test_an_error_reaches_all_who_wait_and_nobody_later() -> None:
    shelf = Shelf()

    async def ask() -> None:
        together = Together(shelf.read, pause=0)
        shelf.error = OSError("dark")
        found = await asyncio.gather(together.get(2), together.get(4), return_exceptions=True)
        assert [str(error) for error in found] == ["dark", "dark"]
        shelf.error = None
        assert await together.get(2) == 4

    asyncio.run(ask())


def test_who_gives_up_takes_nothing_from_the_others() -> None:
    shelf = Shelf()

    async def ask() -> int | None:
        together = Together(shelf.read, pause=0)
        gone, stays = asyncio.ensure_future(together.get(2)), asyncio.ensure_future(together.get(2))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        return await stays

    assert asyncio.run(ask()) == 4
