"""`commitwire.commits`: a commit was observed."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from schemas.model import Event, value
from schemas.sha import Sha

PATCH_LIMIT = 256 * 1024  # bytes of patch that travel in the event
FILES_LIMIT = 2_000  # files that travel in the event

Status = Literal["A", "M", "D", "R", "C", "T"]
Detail = Literal["message", "files", "patch"]
DETAILS: tuple[Detail, ...] = ("message", "files", "patch")  # rising: more detail replaces less


@value
class Person:
    name: str
    email: str = ""


@value
class FileChange:
    """One changed path. `additions` and `deletions` are lines; None for what git does not count (binary)."""

    path: str
    status: Status
    old_path: str | None = None
    additions: int | None = None
    deletions: int | None = None
    old_mode: str = ""
    new_mode: str = ""

    @property
    def is_submodule(self) -> bool:
        return "160000" in (self.old_mode, self.new_mode)

    @property
    def is_mode_only(self) -> bool:
        counted = self.additions == 0 and self.deletions == 0
        return self.status == "M" and counted and bool(self.old_mode) and self.old_mode != self.new_mode


@value
class Brought:
    """A commit that a merge brought to its first parent's line."""

    sha: Sha
    title: str


class CommitObserved(Event):
    """Everything known of one (repo, sha).

    `title` is the message's first line, `body` its other non-empty lines without the trailers that name people
    (co-authors are kept in `co_authors`). `files` holds at most FILES_LIMIT changes, most relevant first, and is empty
    when `detail` is "message" (unknown); `files_total`, `additions` and `deletions` count all of them. Merges count no
    lines. `patch` is at most PATCH_LIMIT bytes of UTF-8, most relevant files first, `patch_bytes` its whole size.
    `committed_at` and `authored_at` are clamped to what stores keep; `notes` names what had to be repaired
    ("clamped-date", "not-utf8", "nul", "shallow-boundary").
    """

    repo: str
    sha: Sha
    parents: tuple[str, ...] | None
    author: Person
    committer: Person
    authored_at: AwareDatetime
    committed_at: AwareDatetime
    title: str
    body: tuple[str, ...] = ()
    co_authors: tuple[Person, ...] = ()
    detail: Detail
    files: tuple[FileChange, ...] = ()
    files_total: int | None = None
    additions: int | None = None
    deletions: int | None = None
    patch: str = ""
    patch_bytes: int = 0
    brought: tuple[Brought, ...] = ()
    brought_total: int = 0
    notes: tuple[str, ...] = ()
    observed_at: AwareDatetime

    @property
    def key(self) -> str:
        return f"{self.repo}@{self.sha}"

    @property
    def about(self) -> tuple[str | int, ...]:
        return (self.repo, self.sha, self.detail)

    @property
    def version(self) -> int:
        """Rises with detail: a file of commits never replaces what git said."""
        return DETAILS.index(self.detail) + 1

    @property
    def is_merge(self) -> bool:
        return self.parents is not None and len(self.parents) > 1
