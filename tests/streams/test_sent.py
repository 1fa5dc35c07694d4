"""What a process remembers of what it sent."""

from __future__ import annotations

import pytest

from streams import sent
from streams.sent import Sent
from tests.samples import REPO, commit, sha


def test_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent, "REMEMBERED", 3)
    known = Sent()
    for first in (0, 2):
        known.add([commit(first), commit(first + 1)])
    keys = [(REPO, sha(n)) for n in range(5)]
    assert known.among(keys) == {(REPO, sha(n)): "patch" for n in (1, 2, 3)}
