"""Collectors: what a command needs of a source, be it a branch of a repository, a file, or one that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Protocol

from reports.window import CommitKey
from schemas.commits import CommitObserved
from schemas.day import day_of
from schemas.definition import Source
from schemas.errors import Misuse
from streams.sealing import Reading
from streams.sources.branch import Branch
from streams.sources.jsonl import BadLine, read_jsonl
from streams.sources.overflow import Overflow
from streams.sources.reader import read

FILE_BRANCH = "-"  # the branch of commits that come from a file
UNKNOWN_BRANCH = "?"  # the branch of a source that could never be opened; no branch can have this name


class Collector(Protocol):
    """One or more sources that are read together. Calls block: the caller runs them in a thread."""

    adds_only: bool

    def sources(self) -> Sequence[Source]: ...

    def tip(self) -> str:
        """Changes when the source may hold something else than before; "" when that cannot be told."""
        ...

    def last_day(self, zone: str, now: datetime) -> date | None:
        """The newest day, up to `now`, that has commits."""
        ...

    def readings(self, source: Source, days: Collection[date], zone: str) -> list[Reading]:
        """What the source holds on these days. Raises SourceFailed."""
        ...

    def commits(
        self, sealed: Iterable[CommitKey], now: Callable[[], datetime], overflow: Overflow
    ) -> Iterator[CommitObserved]:
        """The commits behind the seals (a file: all that it has). Raises SourceFailed.

        What is too large for an event reaches `overflow` before it.
        """
        ...


@dataclass
class BranchCollector:
    """A branch of a git repository."""

    branch: Branch
    adds_only: bool = False
    _read: dict[tuple[date, str], Reading] = field(default_factory=dict)

    def sources(self) -> Sequence[Source]:
        return (Source(repo=self.branch.repository.name, branch=self.branch.name),)

    def tip(self) -> str:
        return "" if self._is_shallow else self.branch.tip or ""

    @cached_property
    def _is_shallow(self) -> bool:
        """A shallow clone can be deepened, and holds more behind the same tip then."""
        return self.branch.repository.git.ask("rev-parse", "--is-shallow-repository").line == "true"

    def last_day(self, zone: str, now: datetime) -> date | None:
        return self.branch.last_day(zone, now)

    def readings(self, source: Source, days: Collection[date], zone: str) -> list[Reading]:
        unread = [day for day in sorted(days) if (day, zone) not in self._read]
        for day, held in self.branch.days(unread, zone).items():
            self._read[day, zone] = Reading(day, held.shas, held.late, held.late_total, self.tip())
        return [self._read[day, zone] for day in sorted(days)]

    def commits(
        self, sealed: Iterable[CommitKey], now: Callable[[], datetime], overflow: Overflow
    ) -> Iterator[CommitObserved]:
        return read(self.branch.repository, [sha for _, sha in sealed], now, overflow)


@dataclass
class FileCollector:
    """A file of commits, one JSON object a line, read more than once.

    Its bad lines are told to `complain` when it is read first, and the rest goes on.
    """

    path: Path
    complain: Callable[[str], None]
    now: Callable[[], datetime]
    adds_only: bool = True
    _sources: tuple[Source, ...] | None = None
    _days: dict[Source, dict[date, dict[str, datetime]]] = field(default_factory=dict)

    def sources(self) -> Sequence[Source]:
        if self._sources is None:
            repos = {commit.repo for commit in self._good(complain=self.complain)}
            self._sources = tuple(Source(repo=repo, branch=FILE_BRANCH) for repo in sorted(repos))
        return self._sources

    def expect(self, sources: Iterable[Source]) -> None:
        """Sources of earlier files: on a quiet day a file need not name all repositories."""
        held = {*self.sources(), *(source for source in sources if source.branch == FILE_BRANCH)}
        self._sources = tuple(sorted(held, key=lambda source: source.repo))

    def tip(self) -> str:
        return ""

    def last_day(self, zone: str, now: datetime) -> date | None:
        newest = max((c.committed_at for c in self._good() if c.committed_at <= now), default=None)
        return day_of(newest, zone) if newest else None

    def readings(self, source: Source, days: Collection[date], zone: str) -> list[Reading]:
        if source not in self._days:
            self._index(days, zone)
        held = self._days.get(source, {})
        return [Reading(day, _newest_first(held.get(day, {}))) for day in sorted(days)]

    def commits(
        self, sealed: Iterable[CommitKey], now: Callable[[], datetime], overflow: Overflow
    ) -> Iterator[CommitObserved]:
        return self._good()

    def _index(self, days: Collection[date], zone: str) -> None:
        for commit in self._good():
            day = day_of(commit.committed_at, zone)
            if day in days:
                held = self._days.setdefault(Source(repo=commit.repo, branch=FILE_BRANCH), {})
                held.setdefault(day, {})[commit.sha] = commit.committed_at

    def _good(self, complain: Callable[[str], None] | None = None) -> Iterator[CommitObserved]:
        if self.path.exists() and not self.path.is_file():
            raise Misuse(f"--jsonl: {self.path} is no regular file; save the commits in one, it is read more than once")
        try:
            with self.path.open("rb") as lines:
                for line in read_jsonl(lines, self.now):
                    if not isinstance(line, BadLine):
                        yield line
                    elif complain is not None:
                        complain(f"{self.path}:{line.number}: {line.reason}")
        except OSError as error:
            raise Misuse(f"--jsonl: {self.path} cannot be read: {error.strerror}") from error


@dataclass
class FailedCollector:
    """Stands for a source that could not be opened: its days are sealed with the reason."""

    source: Source
    reason: str
    adds_only: bool = True  # nor does it take anything away

    @classmethod
    def of(cls, repo: str, branch: str | None, reason: str) -> FailedCollector:
        """`branch` as it was asked for; None and "HEAD" mean the one that HEAD would have named."""
        name = UNKNOWN_BRANCH if branch in (None, "HEAD") else str(branch).removeprefix("refs/heads/")
        return cls(Source(repo=repo, branch=name), reason)

    def sources(self) -> Sequence[Source]:
        return (self.source,)

    def tip(self) -> str:
        return ""

    def last_day(self, zone: str, now: datetime) -> date | None:
        return None

    def readings(self, source: Source, days: Collection[date], zone: str) -> list[Reading]:
        return [Reading(day, reason=self.reason) for day in sorted(days)]

    def commits(
        self, sealed: Iterable[CommitKey], now: Callable[[], datetime], overflow: Overflow
    ) -> Iterator[CommitObserved]:
        return iter(())


def _newest_first(held: dict[str, datetime]) -> list[str]:
    return sorted(held, key=lambda sha: (held[sha], sha), reverse=True)
