"""Mirrors of repositories that have a URL: cloned once, then fetched."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import IO

from schemas.errors import SourceFailed
from streams.sources.git import Answer, ask, ended, mask, network_environment, reason

TIME_LIMIT = 3600.0  # seconds a clone or a fetch may take
LOOK_SECONDS = 0.2  # how often a process looks whether another one is done with a mirror
_LOCK = "commitwire.lock"
_UNFINISHED = ".unfinished"
_USERINFO = re.compile(r"^(\w+://)[^/]*@")
_NETWORK = (
    *("git", "-c", "safe.directory=*", "-c", "gc.auto=0", "-c", "http.lowSpeedLimit=1000"),
    *("-c", "http.lowSpeedTime=60"),
)


def mirror(url: str, mirrors: Path) -> Path:
    """The git directory of the up-to-date mirror of `url`, under `mirrors`. Raises SourceFailed with git's reason."""
    directory = mirrors / _directory(url)
    _remove_abandoned(mirrors)
    if directory.exists() or not _clone(url, directory):
        with _alone(url, directory):
            _must(url, "fetch", _git(directory, "fetch", "--prune", "--quiet", "--", url, "+refs/*:refs/*"))
            _follow_head(url, directory)
    return directory


def _directory(url: str) -> str:
    """The same for the same repository whoever asks: credentials change."""
    bare = _USERINFO.sub(r"\1", url)
    name = re.sub(r"[^A-Za-z0-9_]+", "-", re.split(r"[/:]", bare.rstrip("/").removesuffix(".git"))[-1]).strip("-")
    return f"{name or 'repository'}-{hashlib.blake2b(bare.encode(), digest_size=6).hexdigest()}.git"


def _clone(url: str, directory: Path) -> bool:
    """Clone beside the place and move it there: a mirror that exists is whole. False when another one was faster."""
    with _workplace(directory) as place:
        unfinished = place / "clone"
        _must(url, "clone", _run("clone", "--mirror", "--quiet", "--", url, str(unfinished)))
        # the next fetch gets the URL again; no password stays on the disk
        _must(url, "clone", _git(unfinished, "config", "remote.origin.url", _USERINFO.sub(r"\1", url)))
        try:
            unfinished.rename(directory)
        except OSError:
            if not directory.exists():
                raise
            return False
    return True


@contextmanager
def _workplace(directory: Path) -> Iterator[Path]:
    """A new directory beside the mirror's, locked while it is in use."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    hidden = Path(mkdtemp(prefix=f".{directory.stem}-", dir=directory.parent))
    with (hidden / _LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # only now it gets the name by which abandoned ones are found: others never see it unlocked
        place = hidden.rename(hidden.with_name(hidden.name.removeprefix(".") + _UNFINISHED))
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _remove_abandoned(mirrors: Path) -> None:
    """What a process left that ended while it cloned: no one holds its lock any more."""
    for place in mirrors.glob(f"*{_UNFINISHED}"):
        with suppress(OSError), (place / _LOCK).open("a") as lock:
            if _taken(lock):
                shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _alone(url: str, directory: Path) -> Iterator[None]:
    """One process at a time changes a mirror; the others wait."""
    end = time.monotonic() + TIME_LIMIT
    with (directory / _LOCK).open("a") as lock:
        while not _taken(lock):
            if ended.wait(LOOK_SECONDS) or time.monotonic() > end:
                raise SourceFailed(f"cannot fetch {mask(url)}: another process is still at work on {directory}")
        yield


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


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
