"""What happens to tests whose server cannot be had on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest


class Unavailable(Exception):
    """A server cannot be had here; one sentence says what to install."""


def ask_for(place: Path) -> None:
    """Raises Unavailable where a server was not fetched: nobody's tests begin with hundreds of megabytes unasked."""
    if not place.exists() and not os.environ.get("CI"):
        raise Unavailable("the servers for tests are not here yet; run `make servers` to fetch them (600 MB)")


def skip_or_fail(error: Unavailable) -> NoReturn:
    """Skip the test with the sentence; in CI (`CI` is set) it fails, so that nothing is left out unseen."""
    if os.environ.get("CI"):
        pytest.fail(str(error), pytrace=False)
    pytest.skip(str(error))
