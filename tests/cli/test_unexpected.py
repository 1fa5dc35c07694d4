"""An error that nobody foresaw: one sentence, and where it comes from for those who ask."""

from __future__ import annotations

import sys

import pytest

from schemas import asyncapi
from streams import cli, interruption


@pytest.fixture(autouse=True)
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def document(**_: object) -> None:
        raise LookupError("no such thing")

    monkeypatch.setattr(asyncapi, "document", document)
    monkeypatch.setattr(interruption, "listen", lambda: None)


def said(arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr(sys, "argv", ["commitwire", *arguments])
    with pytest.raises(SystemExit, match="1"):
        cli.main()
    return capsys.readouterr().err


def test_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(["schemas"], monkeypatch, capsys)
    assert told == "commitwire: unexpected LookupError: no such thing (`commitwire -v …` shows where)\n"


def test_every_command_shows_where(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(["-v", "schemas"], monkeypatch, capsys)
    assert "Traceback" in told
    assert "in document" in told
