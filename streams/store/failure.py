"""What a vendor error means to us: the one place where errors of ClickHouse and its client are named.

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
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from schemas.errors import CommitwireError, CorruptData, DataInUse, DiskFull, Misuse, Reject, Retry, Stop
from streams.store.address import Address

KINDS: dict[str, type[CommitwireError]] = {
    "UNEXPECTED_END_OF_FILE": Retry,
    "TIMEOUT_EXCEEDED": Retry,
    "TOO_SLOW": Retry,
    "TOO_MANY_SIMULTANEOUS_QUERIES": Retry,
    "NO_FREE_CONNECTION": Retry,
    "SOCKET_TIMEOUT": Retry,
    "NETWORK_ERROR": Retry,
    "NO_ZOOKEEPER": Retry,
    "ABORTED": Retry,
    "MEMORY_LIMIT_EXCEEDED": Retry,
    "TABLE_IS_READ_ONLY": Retry,
    "TOO_MANY_PARTS": Retry,
    "ALL_CONNECTION_TRIES_FAILED": Retry,
    "TOO_FEW_LIVE_REPLICAS": Retry,
    "UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE": Retry,
    "UNKNOWN_STATUS_OF_INSERT": Retry,
    "QUERY_WAS_CANCELLED": Retry,
    "CANNOT_SCHEDULE_TASK": Retry,
    "DEADLOCK_AVOIDED": Retry,
    "SERVER_OVERLOADED": Retry,
    "KEEPER_EXCEPTION": Retry,
    "NOT_ENOUGH_SPACE": DiskFull,
    "CHECKSUM_DOESNT_MATCH": CorruptData,
    "CANNOT_READ_ALL_DATA": CorruptData,
    "NO_FILE_IN_DATA_PART": CorruptData,
    "BAD_SIZE_OF_FILE_IN_DATA_PART": CorruptData,
    "TOO_MANY_UNEXPECTED_DATA_PARTS": CorruptData,
    "CORRUPTED_DATA": CorruptData,
    "FILE_DOESNT_EXIST": CorruptData,
    "READONLY": Misuse,
    "UNKNOWN_DATABASE": Misuse,
    "UNKNOWN_USER": Misuse,
    "WRONG_PASSWORD": Misuse,
    "REQUIRED_PASSWORD": Misuse,
    "ACCESS_DENIED": Misuse,
    "AUTHENTICATION_FAILED": Misuse,
    "TOO_LARGE_STRING_SIZE": Reject,
    "ARGUMENT_OUT_OF_BOUND": Reject,
    "CANNOT_PARSE_TEXT": Reject,
    "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN": Reject,
    "DECIMAL_OVERFLOW": Reject,
    "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE": Reject,
}
_NAME = re.compile(r"\(([A-Z][A-Z0-9_]{3,})\)")
_WRAPPING = re.compile(r"^(?:.*?DB::Exception: )+", re.DOTALL)
_VERSION = re.compile(r"\s*\(version [^()]*(?:\([^()]*\))?\)")
_OVERLOADED = re.compile(r"(?:code|status) (?:429|5\d\d)\b")


def first_line(error: BaseException) -> str:
    """What ClickHouse said, without its frames, codes and version."""
    lines = _WRAPPING.sub("", str(error)).strip().splitlines()
    return _VERSION.sub("", lines[0]).strip() if lines else type(error).__name__


def failure(error: Exception, address: Address) -> CommitwireError:
    """The error of ours that says what to do about one of theirs."""
    if isinstance(error, CommitwireError):
        return error
    kind, advice = _judged(error, address)
    return kind(f"the store at {address} {advice}: {first_line(error)}")


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
    Misuse: "refused, check its address, user, password and rights",
    Reject: "cannot hold a value of these events",
    Stop: "failed",
}


def _judged(error: Exception, address: Address) -> tuple[type[CommitwireError], str]:
    kind = _kind(error, address)
    return kind, _ADVICE[kind]


def _kind(error: Exception, address: Address) -> type[CommitwireError]:
    text = str(error)
    if "No space left on device" in text or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
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
    if "certificate" in text.lower() and "verif" in text.lower():
        return Misuse
    if isinstance(error, exceptions.OperationalError | OSError) or _OVERLOADED.search(text):
        return Retry
    return Retry if type(error).__module__.startswith("urllib3") else Stop
