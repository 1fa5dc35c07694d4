"""What a vendor error means to us: the one place (with kinds.py) where errors of ClickHouse and its client are named.

Retry        network, overload, a replica that is catching up
DiskFull     no room for data, or for the client's temporary files
DataInUse    another process owns the directory
CorruptData  the directory's files cannot be read
Misuse       address, user, password, rights
Reject       a value that the tables cannot hold
Stop         all others: they would fail again, whatever the event
"""

from __future__ import annotations

import errno
import re
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from schemas.errors import CommitwireError, CorruptData, DataInUse, DiskFull, Misuse, Reject, Retry, Stop
from streams.store.address import Address
from streams.store.kinds import KINDS

_NAME = re.compile(r"\(([A-Z][A-Z0-9_]{3,})\)")
_WRAPPING = re.compile(r"^(?:.*?DB::\w*Exception: )+", re.DOTALL)
_TRAILER = re.compile(r"\s*\((?:version [^()]*(?:\([^()]*\))?|for url [^()]*)\)")
_NO_SPACE = ("No space left on device", "Disk quota exceeded")
_OVERLOADED = re.compile(r"(?:code|status) (?:429|5\d\d)\b")


def first_line(error: BaseException) -> str:
    """What ClickHouse said, without its frames, codes, version and address."""
    lines = _TRAILER.sub("", _WRAPPING.sub("", str(error))).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__


def failure(error: Exception, address: Address) -> CommitwireError:
    """The error of ours that says what to do about one of theirs."""
    if isinstance(error, CommitwireError):
        return error
    kind = _kind(error, address)
    return kind(f"the store at {address} {_ADVICE[kind]}: {_said(error)}")


def kind_of_name(name: str) -> type[CommitwireError]:
    """What to do about an error that ClickHouse calls `name`."""
    return KINDS.get(name, Stop)


@contextmanager
def failures(address: Address) -> Iterator[None]:
    """Raises errors of ours for whatever the vendor's code raises inside."""
    try:
        yield
    except Exception as error:
        judged = failure(error, address)
        if judged is error:
            raise
        raise judged from error


_ADVICE: dict[type[CommitwireError], str] = {
    Retry: "did not answer as it should, try again later",
    DiskFull: "has no room left, free some and start again",
    DataInUse: "belongs to another running process, stop that one or choose another directory",
    CorruptData: "cannot be read, restore it from a backup or move it away and start with an empty one",
    Misuse: "refused, check its address, certificate, user, password and rights",
    Reject: "cannot hold a value of these events",
    Stop: "failed",
}


def _said(error: Exception) -> str:
    """The error in a few words; of one of the network, those of the system without those of the libraries above it."""
    deepest = _causes(error)[-1]
    return deepest.strerror or str(deepest) if isinstance(deepest, OSError) else first_line(error)


def _causes(error: BaseException) -> list[BaseException]:
    """The error, what it was raised from, and so on."""
    found = [error]
    while (cause := _cause(found[-1])) is not None:
        found.append(cause)
    return found


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _kind(error: Exception, address: Address) -> type[CommitwireError]:
    text = str(error)
    if any(one in text for one in _NO_SPACE) or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull
    if "Cannot lock file" in text:
        return DataInUse
    for name in _names(error, text):
        if name in KINDS:
            return KINDS[name]
    return _unnamed(error, text, address)


def _names(error: Exception, text: str) -> list[str]:
    """Symbolic names, innermost first: an error that wraps another ends with its own name."""
    name = getattr(error, "name", None)
    return [*_NAME.findall(text), *([name] if isinstance(name, str) else [])]


def _unnamed(error: Exception, text: str, address: Address) -> type[CommitwireError]:
    from clickhouse_connect.driver import exceptions

    if "initialized with path" in text:
        return Misuse  # the engine serves one directory per process
    if "Unable to open the chdb engine" in text:
        return CorruptData
    if isinstance(error, ValidationError):
        return CorruptData  # a stored event is no event
    if isinstance(error, exceptions.DataError | ValueError | OverflowError | struct.error):
        return Reject
    if address.embedded or getattr(error, "code", None) is not None:
        return Stop
    if any(isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError) for cause in _causes(error)):
        return Misuse  # a certificate that is not trusted, or no TLS at the other end
    if isinstance(error, exceptions.OperationalError | OSError) or _OVERLOADED.search(text):
        return Retry
    return Retry if type(error).__module__.startswith("urllib3") else Stop
