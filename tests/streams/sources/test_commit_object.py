from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.day import EARLIEST, LATEST, clamp
from schemas.errors import SourceFailed
from streams.sources.commit_object import parse_object, read_objects
from streams.sources.git import Git
from tests.gitrepo import GitRepo

SIGNED = b"tree {tree}\nauthor A <a@x> %s\ncommitter B <b@x> %s\n%s\n%s"


def head(date: bytes = b"1700000000 +0000", extra: bytes = b"", message: bytes = b"T\n") -> bytes:
    return SIGNED % (date, date, extra, message)


@pytest.mark.parametrize(
    ("date", "expected", "notes"),
    [
        (b"1700000000 +051800", clamp(1_700_000_000), ()),
        (b"100000000000 +0000", LATEST, ("clamped-date",)),
        (b"99999999999999999999999 +0000", EARLIEST, ("clamped-date",)),
        (b"-5 +0000", EARLIEST, ("clamped-date",)),
        (b"yesterday", EARLIEST, ("clamped-date",)),
        (b"", EARLIEST, ("clamped-date",)),
    ],
)
def test_impossible_dates_are_clamped(date: bytes, expected: object, notes: tuple[str, ...]) -> None:
    commit = parse_object("0" * 40, head(date))
    assert (commit.committed_at, commit.authored_at, commit.notes) == (expected, expected, notes)


@pytest.mark.parametrize(
    ("extra", "message", "expected", "notes"),
    [
        (b"", "größer".encode(), "größer", ()),
        (b"", "größer".encode("latin-1"), "gr\ufffd\ufffder", ("not-utf8",)),
        (b"encoding ISO-8859-1\n", "größer".encode("latin-1"), "größer", ()),
        (b"encoding GBK\n", "提交".encode("gbk"), "提交", ()),
        (b"encoding nonsense\n", "größer".encode("latin-1"), "gr\ufffd\ufffder", ("not-utf8",)),
        (b"encoding unicode_escape\n", rb"\ud800", r"\ud800", ()),
        (b"encoding utf-7\n", b"+2AA-", "?", ()),
        (b"gpgsig -----BEGIN\n encoding GBK\n -----END\n", b"x\0y", "x\ufffdy", ("nul",)),
        (b"", "\ufffd".encode(), "\ufffd", ()),
    ],
)
def test_messages_in_any_encoding(extra: bytes, message: bytes, expected: str, notes: tuple[str, ...]) -> None:
    commit = parse_object("0" * 40, head(extra=extra, message=message))
    assert (commit.message, commit.notes) == (expected, notes)


def test_names_are_decoded_too() -> None:
    data = b"author J\xf6rg <j\0@x> 1 +0000\nencoding latin-1\n\nT"
    person = parse_object("0" * 40, data).author
    assert (person.name, person.email) == ("Jörg", "j\ufffd@x")


@given(st.binary())
def test_anything_becomes_valid_unicode(data: bytes) -> None:
    commit = parse_object("0" * 40, data)
    for text in (commit.message, commit.author.name, commit.author.email, *commit.parents):
        text.encode()


def test_objects_come_in_the_order_asked_for(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "r")
    shas = [repo.commit(f"c{n}") for n in range(3)]
    shas.append(repo.raw_commit(head(message=b"a\0b\n\nlast line without newline")))
    found = list(read_objects(Git(repo.path), shas[::-1]))
    assert [commit.sha for commit in found] == shas[::-1]
    assert found[0].message == "a\ufffdb\n\nlast line without newline"


def test_an_unknown_commit_is_named(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "r")
    with pytest.raises(SourceFailed, match="0000 is no commit"):
        list(read_objects(Git(repo.path), ["0" * 40]))
