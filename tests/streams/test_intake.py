"""What the endless looking at sources tells of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from schemas.definition import Source
from schemas.errors import Conflict, Misuse, Retry, SourceFailed
from schemas.model import Event
from schemas.seals import DaySealed
from schemas.topics import COMMITS, SEALS
from streams.clock import FileClock
from streams.config import Settings
from streams.flow import Flow
from streams.intake import Intake
from streams.metrics import Metrics
from streams.progress import Progress
from streams.sources.repository import locate
from streams.stage import Stage
from streams.store.store import Store
from tests.gitrepo import GitRepo
from tests.samples import DAY, NOON

LOST = (  # a commit whose parent is not there
    f"tree {{tree}}\nparent {'1' * 40}\nauthor A <a@b> {NOON.timestamp():.0f} +0000\n"
    f"committer A <a@b> {NOON.timestamp():.0f} +0000\n\nfix: on what is lost\n"
).encode()


@asynccontextmanager
async def looking(home: Path, *repos: str) -> AsyncIterator[tuple[Intake, Flow, Metrics]]:
    """An intake of these repositories, and what it sends to: seals are stored, commits wait for their answers."""
    (home / "clock").write_text(NOON.isoformat())
    clock, settings = FileClock(home / "clock"), Settings(data=home / "data")
    store, metrics = await Store.open(f"chdb://{home / 'store'}"), Metrics(clock.now)

    async def keep(events: Sequence[Event]) -> Sequence[Event]:
        await store.write([event for event in events if isinstance(event, DaySealed)])
        return ()

    stages = [Stage("store", (COMMITS, SEALS), keep)]
    flow = Flow(f"embedded://{home}/log", clock, stages, meter=metrics)
    await flow.start()
    try:
        places, progress = [locate(repo) for repo in repos], Progress(quiet=True)
        yield Intake(store, settings, clock, places, "UTC", metrics, progress, False), flow, metrics
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
        async with looking(tmp_path, str(repo.path)) as (intake, flow, metrics):
            with pytest.raises(Retry, match="not looked at yet"):
                intake.check()
            await intake.round(flow)
            with pytest.raises(SourceFailed, match="all 1 sources could not be read"):
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
        async with looking(tmp_path, str(repo.path)) as (intake, flow, _):
            round_ = asyncio.ensure_future(intake.round(flow))
            while intake.failing is None:  # noqa: ASYNC110
                await asyncio.sleep(0)
            assert not round_.done()
            intake.check()
            await round_

    asyncio.run(story())


async def bound(intake: Intake) -> dict[str, str]:
    definition = await intake.store.definition(intake.settings.name)
    return {source.repo: source.branch for source in definition.sources} if definition else {}


async def commits_of(intake: Intake, repo: str, branch: str = "main") -> int:
    """On the last day, as its seal tells."""
    (seal,) = await intake.store.seals([Source(repo=repo, branch=branch)], "UTC", [DAY])
    return len(seal.shas)


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_branch_that_is_renamed_is_followed(tmp_path: Path, scheme: str) -> None:
    rocket, tank = (GitRepo(tmp_path / name) for name in ("rocket", "tank"))
    for repo in (rocket, tank):
        repo.commit("docs: begin", {"a.md": "1"}, when=NOON)

    async def story() -> None:
        async with looking(tmp_path, f"a/rocket={scheme}{rocket.path}", f"a/tank={tank.path}") as (intake, flow, _):
            await intake.round(flow)
            rocket.git("branch", "-m", "trunk")
            rocket.commit("docs: go on", {"a.md": "2"}, when=NOON, branch="trunk")
            await intake.round(flow)
            intake.check()
            assert await bound(intake) == {"github.com/a/rocket": "trunk", "github.com/a/tank": "main"}
            await flow.drained()
            assert await commits_of(intake, "github.com/a/rocket", "trunk") == 2

    asyncio.run(story())


def test_what_is_checked_out_in_a_clone_means_nothing(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "rocket")
    repo.commit("docs: begin", {"a.md": "1"}, when=NOON)

    async def story() -> None:
        async with looking(tmp_path, f"a/rocket={repo.path}") as (intake, flow, _):
            await intake.round(flow)
            repo.git("update-ref", "refs/heads/feature", "main")
            another, none = ("symbolic-ref", "HEAD", "refs/heads/feature"), ("update-ref", "--no-deref", "HEAD", "main")
            for check_out in (another, none):
                repo.git(*check_out)
                await intake.round(flow)
                assert await bound(intake) == {"github.com/a/rocket": "main"}

    asyncio.run(story())


@pytest.mark.parametrize("loss", ["branch", "directory"])
def test_a_source_that_is_gone_stops_no_other(tmp_path: Path, loss: str, capsys: pytest.CaptureFixture[str]) -> None:
    rocket, tank = (GitRepo(tmp_path / name) for name in ("rocket", "tank"))
    for repo in (rocket, tank):
        repo.commit("docs: begin", {"a.md": "1"}, when=NOON)

    async def story() -> None:
        async with looking(tmp_path, str(rocket.path), str(tank.path)) as (intake, flow, _):
            await intake.round(flow)
            if loss == "branch":
                rocket.git("update-ref", "refs/heads/other", "main")
                rocket.git("symbolic-ref", "HEAD", "refs/heads/gone")
                rocket.git("update-ref", "-d", "refs/heads/main")
            else:
                rocket.path.rename(tmp_path / "elsewhere")
            for title in ("docs: go on", "docs: and on"):
                tank.commit(title, {"a.md": title}, when=NOON)
                await intake.round(flow)
            assert intake.failing == 1
            intake.check()
            assert await bound(intake) == {"local/rocket": "main", "local/tank": "main"}
            await flow.drained()
            assert await commits_of(intake, "local/tank") == 3

    asyncio.run(story())
    assert capsys.readouterr().err.count("local/rocket: ") == 1, "said once for each reason"


def test_a_new_place_must_be_one(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "rocket")
    repo.commit("docs: begin", {"a.md": "1"}, when=NOON)

    async def story() -> None:
        async with looking(tmp_path, str(repo.path)) as (intake, flow, _):
            await intake.round(flow)
            intake.places = [*intake.places, locate(f"a/typo={tmp_path}/typo")]
            with pytest.raises(Misuse, match="typo is no directory"):
                await intake.round(flow)
            intake.places = [*intake.places[:1], locate(f"local/rocket={repo.path}")]
            with pytest.raises(Misuse, match="two of the repositories are local/rocket"):
                await intake.round(flow)

    asyncio.run(story())


def test_a_name_takes_other_repositories_when_told_so(tmp_path: Path) -> None:
    rocket, tank = (GitRepo(tmp_path / name) for name in ("rocket", "tank"))
    for repo in (rocket, tank):
        repo.commit("docs: begin", {"a.md": "1"}, when=NOON)

    async def story() -> None:
        async with looking(tmp_path, str(rocket.path)) as (intake, flow, _):
            await intake.round(flow)
            intake.places = [*intake.places, locate(str(tank.path))]
            with pytest.raises(Conflict, match="--redefine"):
                await intake.round(flow)
            intake.redefine = True
            await intake.round(flow)
            assert await bound(intake) == {"local/rocket": "main", "local/tank": "main"}
            intake.places = intake.places[:1]
            with pytest.raises(Conflict):
                await intake.round(flow)

    asyncio.run(story())


def test_what_waits_for_its_answers_is_not_said_again(tmp_path: Path) -> None:
    """Nobody stores or answers anything here, while the branch goes on."""
    repo = GitRepo(tmp_path / "rocket")

    async def story() -> None:
        async with looking(tmp_path, str(repo.path)) as (intake, flow, metrics):
            for number in range(5):
                repo.commit(f"docs: part {number}", {"a.md": str(number)}, when=NOON)
                await intake.round(flow)
            page, _ = await metrics.page("")
            said = [line for line in page.decode().splitlines() if "events_out_total" in line and COMMITS.name in line]
            assert [float(line.split()[-1]) for line in said] == [5]

    asyncio.run(story())
