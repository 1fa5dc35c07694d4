"""Where a store is: `chdb:///abs/dir` (embedded) or `clickhouse://user:pw@host:8123/db` (`clickhouses://` with TLS).

A served one may have options: `?cluster=NAME` for the tables to be spread over a cluster that the server knows, and
`?ca=/abs/file.pem` for the authority that signed its certificate, in place of those the system trusts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from schemas.errors import Misuse

DATABASE = "commitwire"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_CLUSTER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_PORTS = {"clickhouse": 8123, "clickhouses": 8443}


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed store URL. `directory` is set for an embedded store, `host` for a served one.

    `authority` is a file of certificates (PEM) to trust, `cluster` the name of a cluster.
    """

    directory: Path | None = None
    host: str = ""
    port: int = 0
    user: str = "default"
    password: str = ""
    database: str = DATABASE
    secure: bool = False
    authority: Path | None = None
    cluster: str = ""

    @property
    def embedded(self) -> bool:
        return self.directory is not None

    def __str__(self) -> str:
        """The address as it may be shown: the password is masked."""
        if self.embedded:
            return f"chdb://{self.directory}"
        scheme = "clickhouses" if self.secure else "clickhouse"
        login = f"{self.user}:***" if self.password else self.user
        return f"{scheme}://{login}@{self.host}:{self.port}/{self.database}"

    __repr__ = __str__


def parse(url: str) -> Address:
    """The address a store URL names. Raises Misuse, without repeating a password, for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Misuse(f"the store URL cannot be read ({error}); write {_EXAMPLES}") from error
    if parts.fragment or (parts.query and parts.scheme not in _PORTS):
        raise Misuse(f"the store URL takes no options after its path; write {_EXAMPLES}")
    if parts.scheme == "chdb":
        return _embedded(parts)
    if parts.scheme in _PORTS:
        return _served(parts, port or _PORTS[parts.scheme])
    raise Misuse(f"the store URL begins with {parts.scheme or 'nothing'!r}; write {_EXAMPLES}")


_EXAMPLES = "chdb:///abs/dir, clickhouse://user:password@host:8123/db or clickhouses://user:password@host:8443/db"


def _embedded(parts: SplitResult) -> Address:
    path = unquote(parts.path)
    if parts.netloc or not path.startswith("/") or path == "/":
        raise Misuse("an embedded store needs an absolute directory after chdb://, such as chdb:///var/lib/commitwire")
    if "?" in path or "\0" in path:
        raise Misuse(f"the directory {path!r} of the embedded store must not contain '?' or NUL")
    return Address(directory=Path(path))


def _served(parts: SplitResult, port: int) -> Address:
    if not parts.hostname:
        raise Misuse(f"the store URL names no host; write {_EXAMPLES}")
    database = unquote(parts.path.strip("/")) or DATABASE
    if not _NAME.fullmatch(database):
        raise Misuse(f"{database!r} is no database name: use letters, digits and underscores")
    options = _options(parts)
    return Address(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=database,
        secure=parts.scheme == "clickhouses",
        authority=_authority(options["ca"]) if "ca" in options else None,
        cluster=_cluster(options["cluster"]) if "cluster" in options else "",
    )


def _options(parts: SplitResult) -> dict[str, str]:
    """What follows the `?`. `ca` is for TLS only: elsewhere it would promise what is not done."""
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    known = {"cluster", "ca"} if parts.scheme == "clickhouses" else {"cluster"}
    if strange := sorted(options.keys() - known):
        raise Misuse(f"{parts.scheme}:// has no option {strange[0]!r}; it has {' and '.join(sorted(known))}")
    return options


def _authority(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute() or not path.is_file():
        raise Misuse(f"the option ca of the store URL needs the absolute path of a PEM file, and {text!r} is none")
    return path


def _cluster(text: str) -> str:
    if not _CLUSTER.fullmatch(text):
        raise Misuse(f"{text!r} is no name of a cluster; write one of those in the server's system.clusters")
    return text
