"""Every error of the client means one of ours, and the names we know are names of the engine."""

from __future__ import annotations

import errno

import pytest
import urllib3.exceptions
from clickhouse_connect.driver import exceptions

from schemas.errors import (
    CommitwireError,
    CorruptData,
    DataInUse,
    DiskFull,
    Misuse,
    Reject,
    Retry,
    Stop,
)
from streams.store.address import Address, parse
from streams.store.failure import KINDS, failure, failures, first_line
from tests.streams.store.memory import Memory

SERVED = parse("clickhouse://app:secret@db/facts")
EMBEDDED = parse("chdb:///var/lib/store")


def subclasses(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(one for child in kind.__subclasses__() for one in subclasses(child))]


def made(kind: type[Exception]) -> Exception:
    told: tuple[str, ...] = () if kind is exceptions.StreamClosedError else ("told",)
    return kind(*told)


@pytest.mark.parametrize("kind", subclasses(exceptions.ClickHouseError))
@pytest.mark.parametrize("address", [SERVED, EMBEDDED])
def test_every_error_of_the_client_is_one_of_ours(kind: type[Exception], address: Address) -> None:
    judged = failure(made(kind), address)
    assert isinstance(judged, Retry | Reject | Stop)
    assert "secret" not in str(judged)


@pytest.mark.parametrize(
    ("error", "address", "kind"),
    [
        (exceptions.OperationalError("connection refused"), SERVED, Retry),
        (urllib3.exceptions.ProtocolError("reset"), SERVED, Retry),
        (ConnectionResetError("reset"), SERVED, Retry),
        (exceptions.DatabaseError("HTTP driver returned response code 503"), SERVED, Retry),
        (exceptions.DatabaseError("response code 404"), SERVED, Stop),
        (exceptions.OperationalError("certificate verify failed: self-signed"), SERVED, Misuse),
        (exceptions.DatabaseError("Code: 252. DB::Exception: Too many parts. (TOO_MANY_PARTS)"), EMBEDDED, Retry),
        (exceptions.DatabaseError("Code: 243. (NOT_ENOUGH_SPACE)"), EMBEDDED, DiskFull),
        (exceptions.DatabaseError("Code: 75. errno: 28, strerror: No space left on device"), EMBEDDED, DiskFull),
        (OSError(errno.ENOSPC, "full"), SERVED, DiskFull),
        (exceptions.ProgrammingError("Unable to open: Code: 76. Cannot lock file /a/status"), EMBEDDED, DataInUse),
        (exceptions.ProgrammingError("EmbeddedServer already initialized with path '/a'"), EMBEDDED, Misuse),
        (exceptions.ProgrammingError("Unable to open the chdb engine at '/a': (SYNTAX_ERROR)"), EMBEDDED, CorruptData),
        (exceptions.DatabaseError("Code: 40. (CHECKSUM_DOESNT_MATCH)"), EMBEDDED, CorruptData),
        (exceptions.DatabaseError("Code: 516. (AUTHENTICATION_FAILED)", code=516), SERVED, Misuse),
        (exceptions.DatabaseError("Code: 62. (SYNTAX_ERROR)", code=62), SERVED, Stop),
        (OverflowError("int too big"), EMBEDDED, Reject),
    ],
)
def test_what_to_do(error: Exception, address: Address, kind: type[CommitwireError]) -> None:
    assert type(failure(error, address)) is kind


def test_errors_of_ours_pass_unchanged() -> None:
    with pytest.raises(Retry, match=r"^mine$"), failures(SERVED):
        raise Retry("mine")


def test_the_first_line_has_no_code_and_no_version() -> None:
    told = "Code: 47. DB::Exception: Unknown identifier `x`. (UNKNOWN_IDENTIFIER) (version 26.9.2.1)\nstack"
    assert first_line(exceptions.DatabaseError(told)) == "Unknown identifier `x`. (UNKNOWN_IDENTIFIER)"


def test_known_names_are_names_of_the_engine(memory: Memory) -> None:
    names = {name for (name,) in memory.rows("SELECT errorCodeToName(number) FROM numbers(1100)")}
    assert KINDS.keys() <= names
