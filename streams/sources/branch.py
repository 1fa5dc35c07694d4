"""A branch of a repository: its name, its tip, and what its days consist of, by committer date."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from schemas.day import EARLIEST, LATEST, clamp, day_of, interval
from schemas.errors import Misuse
from schemas.seals import LATE_LIMIT, LateArrival
from streams.sources.commit_object import git_epoch
from streams.sources.graph import brought, line, span
from streams.sources.repository import Repository

_LOOKED_AT = 1000  # commits among which the newest date is searched: enough for clocks that were wrong for a while
_NAMED = 5  # branches that a message names
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/$|^$")


@dataclass(frozen=True, slots=True)
class DayContents:
    """A day's commits, newest first, and those that merges of the day brought with an older date (`late`, newest first,
    at most LATE_LIMIT; `late_total` counts all)."""

    shas: tuple[str, ...] = ()
    late: tuple[LateArrival, ...] = ()
    late_total: int = 0


@dataclass(frozen=True, slots=True)
class _Merge:
    sha: str
    day: date


class Branch:
    """A local branch, else the remote-tracking one of `origin`; without `ref` what HEAD points to.

    `name` is the branch's name ("HEAD" when detached), `tip` its newest commit, None in an empty repository.
    Raises Misuse when there is no such branch.
    """

    def __init__(self, repository: Repository, ref: str | None = None) -> None:
        self.repository = repository
        self._git = repository.git
        head = self._git.ask("symbolic-ref", "--quiet", "HEAD").line.removeprefix("refs/heads/")
        self.name = (head or "HEAD") if ref in (None, "HEAD") else str(ref).removeprefix("refs/heads/")
        self.tip = self._resolve()
        if self.tip is None and (self.name != head or self._branches()):
            raise Misuse(self._unknown(repository.name))

    def last_day(self, zone: str, now: datetime) -> date | None:
        """The newest day with commits, leaving out those dated after `now`; None without any.

        Looks at the newest commits only: an old date far behind a long row of still older ones is not found.
        """
        if self.tip is None:
            return None
        limits = ("-n", str(_LOOKED_AT), *_until(now))
        dates = [epoch for epoch, _ in self._commits(*limits)]
        return day_of(clamp(max(dates)), zone) if dates else None

    def days(self, days: Sequence[date], zone: str) -> dict[date, DayContents]:
        """What each of these days consists of. Raises SourceFailed."""
        calendar = _Calendar(days, zone)
        if self.tip is None or not calendar.days:
            return {day: DayContents() for day in days}
        shas: dict[date, list[tuple[int, str]]] = defaultdict(list)
        for epoch, sha in self._commits(*calendar.limits):
            if (day := calendar.day(epoch)) is not None:
                shas[day].append((-epoch, sha))
        late = self._late(calendar)
        return {day: _contents(shas[day], late[day]) for day in days}

    def _late(self, calendar: _Calendar) -> dict[date, list[LateArrival]]:
        """By the day of the merge that brought them; newest first."""
        found: dict[date, list[LateArrival]] = defaultdict(list)
        found_merges = self._commits("--first-parent", "--merges", *calendar.limits)
        merges = [_Merge(sha, day) for epoch, sha in found_merges if (day := calendar.day(epoch)) is not None]
        if not merges:
            return found
        graph = span(self._git, merges[0].sha, merges[-1].sha)
        arrivals = brought(graph, reversed(line(graph.parents, merges[0].sha)))
        for day, commits in _by_day(merges, arrivals).items():
            start = interval(day, calendar.zone)[0]
            for sha in sorted(commits, key=graph.dates.__getitem__, reverse=True):
                if (dated := clamp(graph.dates[sha])) < start:
                    found[day].append(LateArrival(sha=sha, day=day_of(dated, calendar.zone)))
        return found

    def _commits(self, *arguments: str) -> Iterator[tuple[int, str]]:
        """Dates (epoch seconds) and shas that the tip reaches, in git's order."""
        assert self.tip is not None
        with self._git.stream("rev-list", "--timestamp", *arguments, self.tip, "--") as running:
            for row in running.stdout:
                epoch, sha = row.decode("ascii").split()
                yield git_epoch(int(epoch)), sha

    def _resolve(self) -> str | None:
        if self.name == "HEAD":
            return self._verify("HEAD")
        if _NO_REF.search(self.name):
            return None
        places = ("refs/heads/", "refs/remotes/origin/", "refs/remotes/")
        return next(filter(None, (self._verify(place + self.name) for place in places)), None)

    def _verify(self, ref: str) -> str | None:
        return self._git.ask("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").line or None

    def _branches(self) -> list[str]:
        refs = self._git.say("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes/origin")
        names = (
            re.sub("^refs/(heads|remotes/origin)/", "", ref) for ref in refs.decode("utf-8", "replace").split("\n")
        )
        return [name for name in dict.fromkeys(names) if name not in ("", "HEAD")]

    def _unknown(self, repo: str) -> str:
        branches = self._branches()
        more = ", …" if len(branches) > _NAMED else ""
        existing = f"it has {', '.join(branches[:_NAMED])}{more}" if branches else "it has no branches yet"
        return f"{repo} has no branch {self.name!r}; {existing}"


class _Calendar:
    """Some days of a zone, and the limits that make git leave out most of what is not on them."""

    def __init__(self, days: Sequence[date], zone: str) -> None:
        self.zone = zone
        bounds = ((day, interval(day, zone)) for day in sorted(set(days)))
        self.days = [(start, end, day) for day, (start, end) in bounds if start < end]
        self._starts = [start.timestamp() for start, _, _ in self.days]

    @property
    def limits(self) -> tuple[str, ...]:
        """Not sharp: git's limits are inclusive. Dates beyond the clamps come from both ends."""
        first, last = self.days[0][0], self.days[-1][1]
        if first <= EARLIEST or last > LATEST:
            return ()
        return (f"--since-as-filter={_git_date(first)}", *_until(last))

    def day(self, epoch: int) -> date | None:
        """Which of the days holds this date."""
        instant = clamp(epoch)
        index = bisect_right(self._starts, instant.timestamp()) - 1
        return self.days[index][2] if index >= 0 and instant < self.days[index][1] else None


def _until(instant: datetime) -> tuple[str, ...]:
    return (f"--until={_git_date(instant)}",)


def _git_date(instant: datetime) -> str:
    return f"@{int(instant.timestamp())} +0000"


def _by_day(merges: Sequence[_Merge], arrivals: dict[str, list[str]]) -> dict[date, list[str]]:
    found: dict[date, list[str]] = defaultdict(list)
    for merge in merges:
        found[merge.day].extend(arrivals[merge.sha])
    return found


def _contents(dated: list[tuple[int, str]], late: list[LateArrival]) -> DayContents:
    shas = tuple(sha for _, sha in sorted(dated, key=lambda pair: pair[0]))
    return DayContents(shas, tuple(late[:LATE_LIMIT]), len(late))
