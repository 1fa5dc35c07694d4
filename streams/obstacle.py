"""A file or directory that stands in the way of a command."""

from __future__ import annotations

OBSTACLES = (PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError)


def obstacle(error: OSError) -> str:
    """One sentence for a person: which path cannot be used, and what to do."""
    if error.filename is None:
        return str(error)
    advice = "name another path" if not isinstance(error, PermissionError) else "get access to it, or name another path"
    return f"{error.filename} cannot be used: {error.strerror}; {advice}"
