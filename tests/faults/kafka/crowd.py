"""A repository whose days are full: thousands of small commits, written in a second."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tests.gitrepo import GitRepo

FIRST = date(2026, 2, 9)
DAYS = [FIRST + timedelta(days=n) for n in range(3)]
NOW = datetime(2026, 2, 12, 6, tzinfo=UTC)
PER_DAY = 800
COMMITS = PER_DAY * len(DAYS)
AUTHORS = (b"Ada <ada@example.org>", "李雷 <lilei@example.org>".encode(), b"Grace | Hopper <grace@example.org>")
TITLES = (
    b"feat(engine): stage %d",
    b"fix: the valve of tank %d (#7)",
    b"docs: step %d",
    b"refactor!: drop pump %d",
    b"%d",
)


def build(path: Path) -> GitRepo:
    """The same commits, with the same shas, at every call."""
    repo = GitRepo(path)
    repo.fast_import(b"".join(_commit(day, number) for day in DAYS for number in range(PER_DAY)))
    return repo


def _commit(day: date, number: int) -> bytes:
    seconds = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + 100 * number
    title = TITLES[number % len(TITLES)] % number
    body = b"".join(b"%d %d\n" % (day.day, line) for line in range(1 + number % 30))
    return (
        b"commit refs/heads/main\n"
        + b"committer %s %d +0000\ndata %d\n%s\n" % (AUTHORS[number % len(AUTHORS)], seconds, len(title), title)
        + b"M 100644 inline src/part%d.py\ndata %d\n%s\n" % (number % 50, len(body), body)
    )
