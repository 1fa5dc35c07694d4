"""Mirrors of repositories that have a URL: cloned once, then fetched."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from schemas.errors import SourceFailed
from streams.sources.git import Answer, ask, mask, network_environment, reason

TIME_LIMIT = 3600.0  # seconds a clone or a fetch may take
_USERINFO = re.compile(r"^(\w+://)[^/]*@")
_NETWORK = (
    *("git", "-c", "safe.directory=*", "-c", "gc.auto=0", "-c", "http.lowSpeedLimit=1000"),
    *("-c", "http.lowSpeedTime=60"),
)


def mirror(url: str, mirrors: Path) -> Path:
    """The git directory of the up-to-date mirror of `url`, under `mirrors`. Raises SourceFailed with git's reason."""
    directory = mirrors / _directory(url)
    if directory.exists():
        _must(url, "fetch", _git(directory, "fetch", "--prune", "--quiet", "--", url, "+refs/*:refs/*"))
    else:
        _clone(url, directory)
    _follow_head(url, directory)
    return directory


def _directory(url: str) -> str:
    """The same for the same repository whoever asks: credentials change."""
    bare = _USERINFO.sub(r"\1", url)
    name = re.sub(r"[^A-Za-z0-9_]+", "-", re.split(r"[/:]", bare.rstrip("/").removesuffix(".git"))[-1]).strip("-")
    return f"{name or 'repository'}-{hashlib.blake2b(bare.encode(), digest_size=6).hexdigest()}.git"


def _clone(url: str, directory: Path) -> None:
    """Clone beside the place and move it there: a mirror that exists is whole."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    unfinished = directory.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        _must(url, "clone", _run("clone", "--mirror", "--quiet", "--", url, str(unfinished)))
        # the next fetch gets the URL again; no password stays on the disk
        _must(url, "clone", _git(unfinished, "config", "remote.origin.url", _USERINFO.sub(r"\1", url)))
        unfinished.rename(directory)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _follow_head(url: str, directory: Path) -> None:
    """The default branch may have become another one."""
    answer = _must(url, "fetch", _git(directory, "ls-remote", "--symref", "--", url, "HEAD"))
    if match := re.match(rb"ref: (refs/heads/\S+)\tHEAD\n", answer.stdout):
        _must(url, "fetch", _git(directory, "symbolic-ref", "HEAD", match[1].decode("utf-8", "surrogateescape")))


def _git(directory: Path, *arguments: str) -> Answer:
    return _run(f"--git-dir={directory}", *arguments)


def _run(*arguments: str) -> Answer:
    return ask([*_NETWORK, *arguments], network_environment(), limit=TIME_LIMIT)


def _must(url: str, verb: str, answer: Answer) -> Answer:
    if answer.status:
        raise SourceFailed(f"cannot {verb} {mask(url)}: {_without_secrets(url, reason(answer.stderr))}")
    return answer


def _without_secrets(url: str, text: str) -> str:
    """Git may name the user or the password of the URL in other words."""
    userinfo = re.match(r"\w+://([^/]*)@", url)
    for secret in filter(None, [userinfo[1], *userinfo[1].split(":", 1)] if userinfo else []):
        text = text.replace(secret, "***") if len(secret) > 3 else text
    return text
