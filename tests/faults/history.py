"""A repository whose three days hold what real ones do: merges, late arrivals, a revert, renames, binary files."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tests.gitrepo import GitRepo, Rename

FIRST = date(2026, 2, 9)
DAYS = [FIRST + timedelta(days=n) for n in range(3)]
PER_DAY = 100
OPTIONS = ("--since", DAYS[0].isoformat(), "--until", DAYS[-1].isoformat())
AUTHORS = ("Ada Lovelace <ada@example.org>", "李雷 <lilei@example.org>", "Grace | Hopper <grace@example.org>")
TITLES = (
    "feat(engine): stage {n} burns longer",
    "fix: the valve of tank {n} closes in time (#{n})",
    "docs: explain step {n}",
    "refactor!: drop the old pump {n}",
    "Bump ignition from 1.{n} to 2.0",
    "修复第{n}级的泄漏",
    "test: count down from {n}",
)


def build(path: Path) -> GitRepo:
    """The same commits, with the same shas, at every call."""
    repo = GitRepo(path)
    repo.commit("Begin", {"README.md": "# Rocket\n"}, when=_at(FIRST - timedelta(days=2), 0))
    for day in DAYS:
        _branch_off(repo, day)
        for number in range(PER_DAY - 3):
            _plain(repo, day, number)
        _land(repo, day)
    repo.commit("docs: an old note", {"NOTE.md": "old\n"}, when=_at(FIRST - timedelta(days=1), 0))
    return repo


def more(repo: GitRepo) -> list[str]:
    """What arrives later: a commit for each day, brought by a merge of the last one. The shas, oldest first."""
    repo.branch("later")
    shas = [
        repo.commit(
            f"fix: afterthought of {day}", {f"src/later{day.day}.py": "x = 1\n"}, when=_at(day, 1_300), branch="later"
        )
        for day in DAYS
    ]
    return [*shas, repo.merge("later", title="Merge branch 'later'", when=_at(DAYS[-1], 1_310))]


def crowd(path: Path, commits: int) -> GitRepo:
    """So many small commits on the last day."""
    repo = GitRepo(path)
    start = int(_at(DAYS[-1], 0).timestamp())
    stream = b"".join(
        b"commit refs/heads/main\ncommitter Ada <ada@example.org> %d +0000\ndata 9\nfix: %04d\n" % (start + 10 * n, n)
        + b"M 100644 inline src/part%d.py\ndata 5\n%04d\n\n" % (n % 50, n)
        for n in range(commits)
    )
    repo.fast_import(stream)
    return repo


def _branch_off(repo: GitRepo, day: date) -> None:
    """Work of the evening before that arrives with a merge of the day."""
    repo.branch(f"late-{day}")
    evening = _at(day - timedelta(days=1), 1_380)
    files: dict[str | bytes, str] = {f"src/late{day.day}.py": f"late = {day.day}\n"}
    repo.commit(f"feat: worked on until the night before {day}", files, when=evening, branch=f"late-{day}")


def _plain(repo: GitRepo, day: date, number: int) -> None:
    place = f"src/part{number % 11}/step{number % 17}.py"
    title = TITLES[number % len(TITLES)].format(n=number)
    body = "Why: it leaked.\n\nCo-authored-by: Linus <linus@example.org>" if number % 5 == 0 else ""
    files: dict[str | bytes, str | bytes | Rename | None] = {place: f"{day} {number}\n" * (1 + number % 40)}
    if number == 10:
        files["assets/logo.png"] = bytes(range(256)) * 8
    if number == 20:
        files["data/orbits.csv"] = "".join(f"{day.day},{row},{row * row}\n" for row in range(30_000))
    if number == 30:
        files = {f"src/moved{day.day}.py": Rename("data/orbits.csv")}
    repo.commit(title, files, body=body, when=_at(day, number), author=AUTHORS[number % len(AUTHORS)])


def _land(repo: GitRepo, day: date) -> None:
    undone = repo.git("rev-parse", "main~5")
    title = repo.git("log", "-1", "--format=%s", undone)
    repo.commit(
        f'Revert "{title}"', {f"undone{day.day}.txt": "-\n"}, body=f"This reverts commit {undone}.", when=_at(day, 900)
    )
    repo.merge(f"late-{day}", title=f"Merge pull request #{day.day} from acme/late", when=_at(day, 910))


def _at(day: date, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
