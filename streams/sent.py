"""What a process put on the log: while answers to it are on their way it is not said again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from reports.window import CommitKey
from schemas.commits import CommitObserved, Detail

REMEMBERED = 100_000  # commits; an older one is said again if nobody has answered it when its branch moves


@dataclass
class Sent:
    """The last commits that were sent."""

    _details: dict[CommitKey, Detail] = field(default_factory=dict)

    def add(self, commits: Iterable[CommitObserved]) -> None:
        for commit in commits:
            self._details[commit.repo, commit.sha] = commit.detail
        for key in list(islice(self._details, max(0, len(self._details) - REMEMBERED))):
            del self._details[key]

    def among(self, keys: Iterable[CommitKey]) -> dict[CommitKey, Detail]:
        """The detail in which those of `keys` were sent."""
        return {key: self._details[key] for key in keys if key in self._details}
