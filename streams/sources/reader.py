"""Commits of a repository as events, in bounded memory and with two git processes at work at most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from schemas.commits import FILES_LIMIT, PATCH_LIMIT, Brought, CommitObserved, FileChange
from streams.sources.commit_object import CommitObject, read_objects
from streams.sources.diff import DIFF_TREE, Change, Diffs
from streams.sources.git import Git
from streams.sources.merges import brought_by_merges
from streams.sources.message import parse_message
from streams.sources.overflow import Overflow
from streams.sources.partial_clone import PartialClone
from streams.sources.patch import Patch
from streams.sources.repository import Repository

BLOCK = 512  # commits that are looked up together


def read(
    repository: Repository,
    shas: Iterable[str],
    observed_at: Callable[[], datetime],
    overflow: Overflow,
    *,
    patch_limit: int = PATCH_LIMIT,
    files_limit: int = FILES_LIMIT,
) -> Iterator[CommitObserved]:
    """The commits in the order of `shas` (full ones), with files and patch.

    What is beyond the limits reaches `overflow` before its event is yielded. Raises SourceFailed.
    """
    reader = _Reader(repository, observed_at, overflow, patch_limit, files_limit)
    waiting = iter(shas)
    while block := list(islice(waiting, BLOCK)):
        yield from reader.read(block)


class _Reader:
    def __init__(
        self,
        repository: Repository,
        observed_at: Callable[[], datetime],
        overflow: Overflow,
        patch_limit: int,
        files_limit: int,
    ) -> None:
        self._repo = repository.name
        self._git = repository.git
        self._partial = PartialClone(repository.git)
        self._shallow = _shallow(repository.git)
        self._observed_at = observed_at
        self._overflow = overflow
        self._patch_limit = patch_limit
        self._files_limit = files_limit

    def read(self, shas: Sequence[str]) -> Iterator[CommitObserved]:
        commits = list(read_objects(self._git, shas))
        known = [commit for commit in commits if commit.sha not in self._shallow]
        plain = [commit.sha for commit in known if len(commit.parents) < 2]
        self._partial.fetch_blobs(plain)
        with ExitStack() as stack:
            # One diff works ahead while the merges are looked up; the other one starts when that process is gone.
            readers = self._start(stack, plain[0::2])
            merges = brought_by_merges(self._git, known)
            turns = cycle(readers + self._start(stack, plain[1::2]))
            for commit in commits:
                if commit.sha in self._shallow:
                    yield self._event(commit, detail="message", notes=(*commit.notes, "shallow-boundary"))
                elif commit.sha in merges:
                    yield self._merge(commit, *merges[commit.sha])
                else:
                    yield self._change(commit, next(turns))

    def _start(self, stack: ExitStack, shas: Sequence[str]) -> list[Diffs]:
        """A running diff of these commits, none if there are none."""
        stdin = "".join(f"{sha}\n" for sha in shas).encode()
        return [Diffs(stack.enter_context(self._git.stream(*DIFF_TREE, stdin=stdin)), shas)] if shas else []

    def _merge(self, commit: CommitObject, brought: tuple[Brought, ...], total: int) -> CommitObserved:
        return self._event(
            commit,
            detail="patch",
            files_total=0,
            additions=0,
            deletions=0,
            brought=brought,
            brought_total=total,
            notes=commit.notes,
        )

    def _change(self, commit: CommitObject, diffs: Diffs) -> CommitObserved:
        spill = partial(self._overflow.keep_patch, self._repo, commit.sha)
        patch = Patch(spill, self._patch_limit)
        changes = diffs.read(patch)
        patch.finish()
        return self._event(
            commit,
            detail="patch",
            files=self._files(commit.sha, changes),
            files_total=len(changes),
            additions=sum(change.additions or 0 for change in changes),
            deletions=sum(change.deletions or 0 for change in changes),
            patch=patch.text(),
            patch_bytes=patch.size,
            notes=commit.notes,
        )

    def _files(self, sha: str, changes: list[Change]) -> tuple[FileChange, ...]:
        changes.sort(key=lambda change: change.rank)
        for first in range(self._files_limit, len(changes), self._files_limit):
            beyond = [change.file() for change in changes[first : first + self._files_limit]]
            self._overflow.keep_files(self._repo, sha, first, beyond)
        return tuple(change.file() for change in changes[: self._files_limit])

    def _event(self, commit: CommitObject, **fields: Any) -> CommitObserved:
        message = parse_message(commit.message, commit.author)
        return CommitObserved(
            repo=self._repo,
            sha=commit.sha,
            parents=commit.parents,
            author=commit.author,
            committer=commit.committer,
            authored_at=commit.authored_at,
            committed_at=commit.committed_at,
            title=message.title,
            body=message.body,
            co_authors=message.co_authors,
            observed_at=self._observed_at(),
            **fields,
        )


def _shallow(git: Git) -> frozenset[str]:
    """The commits whose parents a shallow clone has not."""
    path = Path(git.say("rev-parse", "--path-format=absolute", "--git-path", "shallow").decode().rstrip("\n"))
    return frozenset(path.read_text().split()) if path.exists() else frozenset()
