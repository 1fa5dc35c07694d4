"""How long to wait before the next attempt."""

from __future__ import annotations

from random import Random

_FIRST_SECONDS = 1.0
_LONGEST_SECONDS = 30.0


def backoff(failures: int, retry_after: float | None, random: Random) -> float:
    """Seconds to wait after so many failures in a row: exponential with full jitter, never less than was asked for."""
    ceiling = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2 ** min(failures - 1, 10))
    return max(random.uniform(0, ceiling), retry_after or 0.0)
