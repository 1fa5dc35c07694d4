"""What a report command asks for, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from schemas.definition import Language
from schemas.errors import Misuse

STDIN_NAME = "-"  # the REPO argument that stands for the file given with --jsonl


@dataclass(frozen=True)
class Request:
    """The options of `commitwire report`, checked one by one but not yet against the sources."""

    repos: tuple[str, ...]
    name: str
    zone: str
    language: Language
    formats: tuple[str, ...]
    out: Path
    day: date | None = None
    since: date | None = None
    until: date | None = None
    jsonl: Path | None = None
    branch: str | None = None
    redefine: bool = False

    def __post_init__(self) -> None:
        if self.day and (self.since or self.until):
            raise Misuse("--date goes without --since and --until")
        if self.since and self.until and self.since > self.until:
            raise Misuse(f"--since {self.since} is after --until {self.until}")
        if STDIN_NAME in self.repos and self.jsonl is None:
            raise Misuse("the REPO `-` goes with --jsonl FILE")

    @property
    def paths(self) -> tuple[str, ...]:
        """The repositories apart from the file, each once."""
        return tuple(dict.fromkeys(repo for repo in self.repos if repo != STDIN_NAME))

    def days(self, last: date | None, today: date) -> list[date]:
        """The days asked for, given the last one with commits. Raises Misuse for one that has not begun."""
        if self.day:
            days = [self.day]
        elif self.since or self.until:
            first, final = self.since or self.until, self.until or today
            assert first is not None  # one of the two is set
            days = [first + timedelta(days=n) for n in range((final - first).days + 1)]
        else:
            days = [last or today]
        if not days or days[-1] > today:
            option = "--date" if self.day else "--since" if not days else "--until"
            asked = days[-1] if days else self.since
            raise Misuse(f"{option}: {asked} has not begun in {self.zone}; today is {today} there")
        return days


@dataclass
class Outcome:
    """What a report command did; `exit_code` is the first of the documented ones that applies."""

    paths: list[Path] = field(default_factory=list)
    uncollected: int = 0
    dead_letters: int = 0
    unanswered: int = 0  # commits of the reports that could not be analyzed, in whatever run that was
    bad_lines: int = 0

    @property
    def exit_code(self) -> int:
        if self.uncollected:
            return 3
        return 4 if self.dead_letters or self.unanswered or self.bad_lines else 0
