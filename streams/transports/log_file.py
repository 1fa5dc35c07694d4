"""The SQLite file of the embedded log: its tables, how it is opened, and what its errors mean to a person.

A record's row id is its partition's number shifted by OFFSET_BITS, plus its offset: appending and reading a range are
then operations on one B-tree, without an index.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import CorruptData, DiskFull, Misuse, Stop

FILE_NAME = "log.sqlite"
APPLICATION_ID = 0x434D5744  # "CMWD", in the header of the file: tells our files from other databases
USER_VERSION = 1
OFFSET_BITS = 40

_TABLES = """
CREATE TABLE topics(name TEXT PRIMARY KEY, retention_seconds REAL, compacted INTEGER NOT NULL);
CREATE TABLE partitions(number INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL,
    end INTEGER NOT NULL DEFAULT 0, UNIQUE(topic, partition));
CREATE TABLE records(id INTEGER PRIMARY KEY, timestamp INTEGER NOT NULL, key BLOB, value BLOB, headers TEXT);
CREATE TABLE offsets(consumers TEXT, number INTEGER, next INTEGER NOT NULL,
    PRIMARY KEY(consumers, number)) WITHOUT ROWID;
"""
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
_NOT_OURS = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_FORBIDDEN = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}


def connect(file: Path, *, create: bool) -> sqlite3.Connection:
    """A connection that writes (`create`: makes the tables of a new file), or one that only reads.

    Connections may be handed from thread to thread, but used by one at a time.
    """
    with explained(file):
        connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=10)
        try:
            _prepare(connection, file, create)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: sqlite3.Connection, file: Path, create: bool) -> None:
    new = _is_new(connection, file)
    if new and not create:
        raise Misuse(f"{file} holds no log yet; start the program with this directory first")
    if new:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(
            f"BEGIN; {_TABLES} PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={USER_VERSION}; COMMIT"
        )
    # every group of records is on the disk, not only in the system's memory, before it is acknowledged
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=4000")
    if not create:
        connection.execute("PRAGMA query_only=ON")


def _is_new(connection: sqlite3.Connection, file: Path) -> bool:
    """Whether the file has no tables yet. Raises CorruptData when it is a database of something else."""
    (kind,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if kind == 0 and tables == 0:
        return True
    if kind != APPLICATION_ID:
        raise CorruptData(f"{file} is a database, but none of ours; move it away or name another directory")
    if version > USER_VERSION:
        raise CorruptData(f"{file} was written by a newer version of this program; upgrade it")
    return False


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """Turns the errors of SQLite into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explain(file, error) from error


def _explain(file: Path, error: sqlite3.Error) -> Stop:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    primary = code & 0xFF
    if code in _FULL:
        return DiskFull(f"no room is left for {file}; nothing acknowledged was lost: make room and start again")
    if primary in _NOT_OURS:
        return CorruptData(f"{file} is damaged or no log of ours ({error}); restore it from a copy, or move it away")
    if primary in _FORBIDDEN:
        return Misuse(f"{file} cannot be opened for writing ({error}); check the directory and who owns it")
    return Stop(f"{file} cannot be used: {error}; check the disk")
