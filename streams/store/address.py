"""Where a store is: `chdb:///abs/dir` (embedded) or `clickhouse://user:pw@host:8123/db` (`clickhouses://` with TLS)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from schemas.errors import Misuse

DATABASE = "commitwire"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PORTS = {"clickhouse": 8123, "clickhouses": 8443}


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed store URL. `directory` is set for an embedded store, `host` for a served one."""

    directory: Path | None = None
    host: str = ""
    port: int = 0
    user: str = "default"
    password: str = ""
    database: str = DATABASE
    secure: bool = False

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
    if parts.query or parts.fragment:
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
    return Address(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=database,
        secure=parts.scheme == "clickhouses",
    )
