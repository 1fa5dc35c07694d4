"""Names and what they are bound to, where a branch is not known or has no name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from schemas.definition import Definition, Source
from schemas.errors import Conflict
from streams.binding import bind
from streams.collector import FailedCollector
from streams.store.store import Store
from tests.samples import DEFINITION, REPO


def on(branch: str) -> Definition:
    return DEFINITION.model_copy(update={"sources": (Source(repo=REPO, branch=branch),)})


def unopened(branch: str | None) -> Definition:
    return on(FailedCollector.of(REPO, branch, "no route").source.branch)


async def bound_in_turn(home: Path, *definitions: Definition) -> Definition | None:
    store = await Store.open(f"chdb://{home / 'store'}")
    try:
        for definition in definitions:
            await bind(store, definition, redefine=False)
        return await store.definition(DEFINITION.name)
    finally:
        await store.close()


def test_a_branch_that_was_not_known_is_learnt(tmp_path: Path) -> None:
    assert asyncio.run(bound_in_turn(tmp_path, unopened(None), on("main"))) == on("main")


def test_a_detached_head_is_no_unknown_branch(tmp_path: Path) -> None:
    with pytest.raises(Conflict):
        asyncio.run(bound_in_turn(tmp_path, on("HEAD"), on("main")))


@pytest.mark.parametrize("branch", ["main", "refs/heads/main"])
def test_a_branch_has_one_name_whether_it_opens_or_not(branch: str) -> None:
    assert unopened(branch) == on("main")
