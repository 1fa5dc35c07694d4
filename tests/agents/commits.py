"""Commits for the tests of this folder."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from schemas.commits import CommitObserved, FileChange, Person, Status

_AT = datetime(2026, 2, 11, 9, 0, tzinfo=UTC)
_ADA = Person(name="Ada", email="ada@example.org")


def change(
    path: str, additions: int | None = 1, deletions: int | None = 0, status: Status = "M", **more: Any
) -> FileChange:
    """One changed path."""
    return FileChange(path=path, status=status, additions=additions, deletions=deletions, **more)


def commit(title: str, *files: FileChange, **more: Any) -> CommitObserved:
    """A commit with known files, an ordinary child of one parent unless `more` says otherwise."""
    known: dict[str, Any] = {
        "files_total": len(files),
        "additions": sum(file.additions or 0 for file in files),
        "deletions": sum(file.deletions or 0 for file in files),
        "detail": "files",
        "parents": ("0" * 40,),
    }
    return CommitObserved(
        repo="github.com/acme/rockets",
        sha="a" * 40,
        author=_ADA,
        committer=_ADA,
        authored_at=_AT,
        committed_at=_AT,
        observed_at=_AT,
        title=title,
        files=files,
        **{**known, **more},
    )


def titled(title: str, *body: str) -> CommitObserved:
    """A commit of which only the message is known."""
    return commit(title, body=body, detail="message", parents=None, files_total=None, additions=None, deletions=None)
