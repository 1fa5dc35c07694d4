"""What happens to tests whose server cannot be had on this machine."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


class Unavailable(Exception):
    """A server cannot be had here; one sentence says what to install."""


def skip_or_fail(error: Unavailable) -> NoReturn:
    """Skip the test with the sentence; in CI (`CI` is set) it fails, so that nothing is left out unseen."""
    if os.environ.get("CI"):
        pytest.fail(str(error), pytrace=False)
    pytest.skip(str(error))
