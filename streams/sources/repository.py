"""Which repository a command line means, and under which name it is known."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from schemas.errors import Misuse
from schemas.repo import LOCAL, canonical
from streams.sources.git import Git, reason
from streams.sources.mirror import mirror

_SCHEMES = ("https://", "http://", "ssh://", "git://", "file://")
_SCP = re.compile(r"(?:[\w.+-]+@)?(?P<host>[\w.-]+):(?!//)(?P<path>[^\s\\]+)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a repository is: either `path`, absolute, or `url` is set. The URL may hold a password: it is not shown."""

    name: str | None
    path: Path | None = None
    url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository on this machine. `name` is canonical."""

    name: str
    git_dir: Path

    @property
    def git(self) -> Git:
        return Git(self.git_dir)


def locate(argument: str) -> Place:
    """Read `[[host/]owner/name=]PATH_OR_URL`. Raises Misuse."""
    name, equals, rest = argument.partition("=")
    if not equals or _is_url(argument) or Path(argument).exists():
        return _place(None, argument)
    try:
        return _place(canonical(name), rest)
    except ValueError as error:
        raise Misuse(f"{error}, then = and the path or URL of the repository") from error


def open_repository(place: Place, mirrors: Path) -> Repository:
    """The repository at a place; one with a URL is mirrored under `mirrors`, again at each call.

    Raises Misuse when there is no repository at the path, SourceFailed when it cannot be cloned or fetched.
    """
    if place.url is not None:
        return Repository(name_of(place), mirror(place.url, mirrors))
    assert place.path is not None
    git_dir = _find(place.path)
    return Repository(place.name or _own_name(Git(git_dir)), git_dir)


def name_of(place: Place) -> str:
    """What a repository is known by before it could be opened."""
    return place.name or name_of_url(place.url or "") or _local(_last_part(place.url or str(place.path)))


def name_of_url(url: str) -> str | None:
    """`host/owner/name`, deeper for groups of groups; None when the URL has no host with a dot in its name."""
    if match := None if "://" in url else _SCP.fullmatch(url):
        host, path = match["host"], match["path"]
    else:
        host, path = _split(url)
    path = path.strip("/").removesuffix(".git")
    if "." not in host or "/" not in path:
        return None
    try:
        return canonical(f"{host.lower()}/{path}")
    except ValueError:
        return None


def _split(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        return ("" if parts.scheme in ("", "file") else parts.hostname or ""), parts.path
    except ValueError:  # a port or an IPv6 address that is none
        return "", ""


def _place(name: str | None, text: str) -> Place:
    if not text:
        raise Misuse("a repository is missing: give its path or URL")
    return Place(name, url=text) if _is_url(text) else Place(name, path=Path(text).absolute())


def _is_url(text: str) -> bool:
    return text.startswith(_SCHEMES) or bool(_SCP.fullmatch(text) and not Path(text).exists())


def _find(path: Path) -> Path:
    if not path.is_dir():
        raise Misuse(f"{path} is no directory; give the path of a git clone, or its URL")
    answer = Git.at(path, "rev-parse", "--absolute-git-dir")
    if answer.status:
        raise Misuse(f"{path} is no git repository ({reason(answer.stderr)}); give the path of a clone, or its URL")
    return Path(answer.line)


def _own_name(git: Git) -> str:
    origin = git.ask("config", "--get", "remote.origin.url").line
    return (name_of_url(origin) if origin else None) or _local(_directory(git))


def _directory(git: Git) -> str:
    common = Path(git.say("rev-parse", "--path-format=absolute", "--git-common-dir").decode().rstrip("\n"))
    return common.parent.name if common.name == ".git" else common.name


def _last_part(url: str) -> str:
    return re.split(r"[/:]", url.rstrip("/").removesuffix("/.git"))[-1]


def _local(directory: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_.+-]", "-", directory.removesuffix(".git")).lstrip("-+.")
    return canonical(f"{LOCAL}/{name or 'repository'}")
