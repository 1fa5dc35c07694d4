import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.day import clamp, day_of, interval
from schemas.errors import Misuse
from schemas.seals import LATE_LIMIT
from streams.sources.branch import Branch
from streams.sources.repository import Repository
from tests.gitrepo import START, GitRepo, run

LATER = datetime(2030, 1, 1, tzinfo=UTC)
BERLIN = "Europe/Berlin"


def branch(repo: GitRepo, ref: str | None = None) -> Branch:
    return Branch(Repository("local/r", repo.path), ref)


def test_names(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "r")
    empty = branch(repo)
    assert (empty.name, empty.tip, empty.last_day("UTC", LATER)) == ("main", None, None)
    assert empty.days([date(2024, 1, 1)], "UTC")[date(2024, 1, 1)].shas == ()
    one = repo.commit("one")
    two = repo.commit("two", branch="feature/x")
    repo.git("update-ref", "refs/remotes/origin/far", two)
    repo.git("update-ref", "refs/remotes/origin/main", two)
    assert [(b.name, b.tip) for b in (branch(repo), branch(repo, "main"), branch(repo, "refs/heads/main"))] == [
        ("main", one)
    ] * 3
    assert (branch(repo, "feature/x").tip, branch(repo, "far").tip, branch(repo, "origin/far").tip) == (two, two, two)
    repo.git("update-ref", "--no-deref", "HEAD", two)
    assert (branch(repo).name, branch(repo).tip) == ("HEAD", two)


@pytest.mark.parametrize("ref", ["nope", "main~1", "main@{0}", "", "--all", "a b", "main^", ":/one"])
def test_an_unknown_branch_is_named_with_up_to_five_others(tmp_path: Path, ref: str) -> None:
    repo = GitRepo(tmp_path / "r")
    with pytest.raises(Misuse, match="it has no branches yet"):
        branch(repo, ref)
    repo.commit("one")
    repo.commit("two")
    for name in "abcdef":
        repo.branch(name)
    with pytest.raises(Misuse, match=r"^local/r has no branch '.*'; it has a, b, c, d, e, …$"):
        branch(repo, ref)


def test_a_head_that_points_nowhere_is_no_empty_repository(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "r")
    repo.commit("one", branch="trunk")
    with pytest.raises(Misuse, match="no branch 'main'; it has trunk"):
        branch(repo)


def test_the_last_day_leaves_out_the_future_and_survives_an_old_tip(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "r")
    for when in (START, START - 10 * 86400, 0, START + 3 * 86400, 2**40):
        repo.commit("c", when=when)
    now = clamp(START + 86400)
    assert branch(repo).last_day("UTC", now) == date(2023, 11, 14)
    assert branch(repo).last_day("Asia/Shanghai", now) == date(2023, 11, 15)
    assert branch(repo).last_day("UTC", clamp(START + 3 * 86400)) == date(2023, 11, 17)


@pytest.mark.parametrize(("day", "hours"), [(date(2024, 3, 31), 23), (date(2024, 10, 27), 25), (date(2024, 7, 1), 24)])
def test_days_of_any_length(tmp_path: Path, day: date, hours: int) -> None:
    repo = GitRepo(tmp_path / "r")
    start, end = interval(day, BERLIN)
    assert end - start == timedelta(hours=hours)
    inside = [start, start + timedelta(hours=hours / 2), end - timedelta(seconds=1)]
    shas = [repo.commit("c", when=when) for when in (start - timedelta(seconds=1), *inside, end)]
    assert branch(repo).days([day], BERLIN)[day].shas == tuple(shas[3:0:-1])
    days = branch(repo).days([day + timedelta(days=n) for n in (-1, 0, 1)], BERLIN)
    assert [contents.shas for contents in days.values()] == [(shas[0],), tuple(shas[3:0:-1]), (shas[4],)]


def test_odd_dates_stand_on_the_first_and_the_last_day(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "r")
    first = repo.commit("c", when=0)
    far = repo.commit("c", when=10**11)
    text = f"tree {{tree}}\nparent {far}\nauthor A <a@x> -5 +0000\ncommitter A <a@x> -5 +0000\n\nx".encode()
    negative = repo.raw_commit(text, branch="main")
    days = branch(repo).days([date(1970, 1, 1), date(2261, 12, 31)], "UTC")
    assert [set(contents.shas) for contents in days.values()] == [{first, negative}, {far}]


def test_a_skipped_date_is_empty(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "r")
    noon = datetime(2011, 12, 31, tzinfo=UTC)
    sha = repo.commit("c", when=noon)
    days = branch(repo).days([date(2011, 12, 30), date(2011, 12, 31)], "Pacific/Apia")
    assert [contents.shas for contents in days.values()] == [(), (sha,)]


def test_late_arrivals_are_limited_but_counted(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "r")
    repo.commit("root")
    repo.branch("topic")
    lines = [
        f"commit refs/heads/topic\ncommitter A <a@x> {START + n} +0000\ndata 1\nx\n" for n in range(LATE_LIMIT + 2)
    ]
    lines[0] += f"from {repo.tip()}\n"
    repo.fast_import("".join(lines).encode())
    repo.merge("topic", when=START + 5 * 86400)
    day = date(2023, 11, 19)
    contents = branch(repo).days([day], "UTC")[day]
    assert (len(contents.late), contents.late_total, len(contents.shas)) == (LATE_LIMIT, LATE_LIMIT + 2, 1)
    assert contents.late[0].sha == repo.tip("topic")
    assert contents.late[0].day == date(2023, 11, 14)


Plan = list[tuple[int, int]]  # for each commit: how long after the one before, and a seed for its parents


def build(repo: GitRepo, plan: Plan) -> None:
    """A history with merges of one to three others, roots, and clocks that go backwards."""
    shas: list[str] = []
    when = START
    for gap, seed in plan:
        dice = random.Random(seed)
        when += gap
        parents = [shas[-1]] if shas and dice.random() < 0.95 else []
        if shas and dice.random() < 0.5:
            parents = list(dict.fromkeys([*parents, *dice.sample(shas, min(len(shas), dice.randint(1, 3)))]))
        line = "side" if shas and dice.random() < 0.4 else "main"
        if line == "side":
            parents = [dice.choice(shas)]
        shas.append(repo.commit(f"c{len(shas)}", when=when, parents=parents, branch="work"))
    repo.git("update-ref", "refs/heads/main", shas[-1])


def oracle(repo: GitRepo, days: Sequence[date], zone: str) -> dict[date, tuple[list[str], list[str]]]:
    """Shas and late shas of each day, by asking plain git commit by commit."""

    def rows(*arguments: str) -> list[str]:
        return repo.git("rev-list", *arguments).split("\n") if repo.git("rev-list", *arguments) else []

    dates = {sha: date for date, sha in (row.split() for row in rows("--timestamp", "main"))}
    found: dict[date, tuple[list[str], list[str]]] = {day: ([], []) for day in days}
    for sha in rows("main"):
        if (day := day_of(clamp(int(dates[sha])), zone)) in found:
            found[day][0].append(sha)
    for merge in rows("--first-parent", "--merges", "main"):
        if (day := day_of(clamp(int(dates[merge])), zone)) in found:
            brought = [sha for sha in rows(merge, f"^{merge}^1") if sha != merge]
            found[day][1].extend(sha for sha in brought if clamp(int(dates[sha])) < interval(day, zone)[0])
    return found


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(-40_000, 90_000), st.integers(0, 10**9)), min_size=1, max_size=14),
    st.sampled_from(["UTC", "Asia/Shanghai", "America/St_Johns"]),
)
def test_days_are_what_plain_git_says(tmp_path_factory: pytest.TempPathFactory, plan: Plan, zone: str) -> None:
    repo = GitRepo(tmp_path_factory.mktemp("r") / "r")
    build(repo, plan)
    days = [date(2023, 11, 12) + timedelta(days=n) for n in (0, 1, 2, 3, 4, 6)]
    found = branch(repo).days(days, zone)
    expected = oracle(repo, days, zone)
    assert {day: sorted(contents.shas) for day, contents in found.items()} == {
        day: sorted(shas) for day, (shas, _) in expected.items()
    }
    assert {day: sorted(late.sha for late in contents.late) for day, contents in found.items()} == {
        day: sorted(late) for day, (_, late) in expected.items()
    }
    for contents in found.values():
        dates = [int(run("git", "-C", str(repo.path), "log", "-1", "--format=%ct", sha)) for sha in contents.shas]
        assert dates == sorted(dates, reverse=True)
