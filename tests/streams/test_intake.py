"""What the endless looking at sources tells of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from schemas.errors import Retry, SourceFailed
from streams.clock import FileClock
from streams.config import Settings
from streams.flow import Flow
from streams.intake import Intake
from streams.metrics import Metrics
from streams.progress import Progress
from streams.sources.repository import locate
from streams.store.store import Store
from tests.gitrepo import GitRepo
from tests.samples import NOON

LOST = (  # a commit whose parent is not there
    f"tree {{tree}}\nparent {'1' * 40}\nauthor A <a@b> {NOON.timestamp():.0f} +0000\n"
    f"committer A <a@b> {NOON.timestamp():.0f} +0000\n\nfix: on what is lost\n"
).encode()


@asynccontextmanager
async def looking(home: Path, repo: Path) -> AsyncIterator[tuple[Intake, Flow, Metrics]]:
    """An intake of one repository, and what it sends to: nobody reads it."""
    (home / "clock").write_text(NOON.isoformat())
    clock, settings = FileClock(home / "clock"), Settings(data=home / "data")
    store, metrics = await Store.open(f"chdb://{home / 'store'}"), Metrics(clock.now)
    flow = Flow(f"embedded://{home}/log", clock, ())
    await flow.start()
    try:
        progress = Progress(quiet=True)
        yield Intake(store, settings, clock, [locate(str(repo))], "UTC", metrics, progress, False), flow, metrics
    finally:
        await flow.stop()
        await store.close()


def test_a_source_that_cannot_be_read_fails_until_it_can(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "rocket")
    repo.raw_commit(LOST, branch="main")

    async def told(metrics: Metrics) -> list[str]:
        page, _ = await metrics.page("")
        return [line for line in page.decode().splitlines() if line.startswith("commitwire_failing_sources")]

    async def story() -> None:
        async with looking(tmp_path, repo.path) as (intake, flow, metrics):
            with pytest.raises(Retry, match="not looked at yet"):
                intake.check()
            await intake.round(flow)
            with pytest.raises(SourceFailed, match="1 sources could not be read"):
                intake.check()
            assert await told(metrics) == ["commitwire_failing_sources 1.0"]

            repo.git("update-ref", "-d", "refs/heads/main")
            repo.commit("docs: begin", {"a.md": "1"}, when=NOON)
            await intake.round(flow)
            intake.check()
            assert await told(metrics) == ["commitwire_failing_sources 0.0"]

    asyncio.run(story())


def test_what_takes_long_to_read_can_be_read(tmp_path: Path) -> None:
    """The first round may read years; a source that was opened does not fail."""
    repo = GitRepo(tmp_path / "rocket")
    repo.commit("docs: begin", {"a.md": "1"}, when=NOON)

    async def story() -> None:
        async with looking(tmp_path, repo.path) as (intake, flow, _):
            round_ = asyncio.ensure_future(intake.round(flow))
            while intake.failing is None:  # noqa: ASYNC110
                await asyncio.sleep(0)
            assert not round_.done()
            intake.check()
            await round_

    asyncio.run(story())
