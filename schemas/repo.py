"""The name of a repository, `host/owner/name`, and the links that its host understands."""

from __future__ import annotations

import re

GITHUB = "github.com"
LOCAL = "local"
_PART = re.compile(r"[A-Za-z0-9_][\w.+-]*|\.[\w+-][\w.+-]*", re.ASCII)


def canonical(name: str) -> str:
    """`owner/name` with the default host before it; a name that already has a host, or is local, as it is.

    Raises ValueError with a sentence when it is no repository name.
    """
    parts = name.strip("/").split("/")
    if len(parts) < 2 or not all(_PART.fullmatch(p) for p in parts):
        raise ValueError(f"{name!r} is no repository name; write owner/name or host/owner/name")
    if parts[0] == LOCAL or (len(parts) > 2 and "." in parts[0]):
        return "/".join([parts[0].lower(), *parts[1:]])
    return "/".join([GITHUB, *parts])


def display(repo: str) -> str:
    """What a reader sees: the default host is left out."""
    return repo.removeprefix(f"{GITHUB}/")


def home(repo: str) -> str | None:
    """The web address of the repository, None when it has no host."""
    return None if repo.startswith(f"{LOCAL}/") else f"https://{repo}"


def _flavored(repo: str, github: str, gitlab: str) -> str | None:
    base = home(repo)
    return base and f"{base}/{gitlab if 'gitlab' in repo.split('/')[0] else github}"


def commit_url(repo: str, sha: str) -> str | None:
    return _flavored(repo, f"commit/{sha}", f"-/commit/{sha}")


def pull_request_url(repo: str, number: int) -> str | None:
    return _flavored(repo, f"pull/{number}", f"-/merge_requests/{number}")
