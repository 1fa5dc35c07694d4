"""Names and what they are bound to, where a branch is not known or has no name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from schemas.definition import Definition, Source
from schemas.errors import Conflict
from streams.binding import bind
from streams.collector import FailedCollector
from streams.definitions import Definitions
from streams.store.store import Store
from tests.samples import DEFINITION, REPO, commit


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


def test_definitions_are_read_again_when_a_commit_of_another_repository_comes(tmp_path: Path) -> None:
    """A worker may have none of the partitions with seals and touches."""
    stranger = commit(1).model_copy(update={"repo": "acme/unheard"})

    async def go() -> None:
        store = await Store.open(f"chdb://{tmp_path / 'store'}")
        known = Definitions(store)
        await known.know([stranger])
        await store.bind(DEFINITION)
        await known.know([stranger])
        assert known == {}, "nobody looks again for the same stranger"
        await known.know([stranger, commit(1)])
        assert known == {DEFINITION.name: DEFINITION}
        await store.close()

    asyncio.run(go())


@pytest.mark.parametrize("branch", ["main", "refs/heads/main"])
def test_a_branch_has_one_name_whether_it_opens_or_not(branch: str) -> None:
    assert unopened(branch) == on("main")
