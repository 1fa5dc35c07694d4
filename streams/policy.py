"""What a stage does about an error, as pure rules: no input or output, no clock, no dice of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from schemas.errors import Retry, Stop


class Verdict(Enum):
    WAIT = "try the same again after a while"
    STOP = "end the flow"
    SPLIT = "handle each event alone, to find the culprit"
    BURY = "make a dead letter of the event, go on with the next"


def judge(error: Exception, events: int) -> Verdict:
    """What to do when handling this many events together ended in an error."""
    if isinstance(error, Retry):
        return Verdict.WAIT
    if isinstance(error, Stop):
        return Verdict.STOP
    return Verdict.SPLIT if events > 1 else Verdict.BURY


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential waiting with full jitter: each time between nothing and twice what it could be before.

    All in seconds: the most of the first wait, the most of any wait, and the most of all waits for one batch together.
    """

    first: float = 0.5
    longest: float = 30.0
    total: float = 600.0

    def wait(self, tries: int, waited: float, draw: float) -> float | None:
        """How long to wait after so many tries, or None to give up. `draw` is a random number in (0, 1]."""
        if waited >= self.total:
            return None
        # beyond 2**30 the exponent only risks an overflow
        most = min(self.longest, self.first * 2.0 ** min(tries - 1, 30), self.total - waited)
        return most * draw


def most() -> float:
    """The draw of those that are alone with what they wait for."""
    return 1.0


@dataclass(slots=True)
class Tries:
    """How often the same was tried, and for how many seconds it was waited in between."""

    backoff: Backoff
    draw: Callable[[], float] = most  # of (0, 1]
    count: int = 0
    waited: float = 0.0

    def pause(self) -> float | None:
        """Another try failed: how long to wait before the next, or None to give up."""
        self.count += 1
        seconds = self.backoff.wait(self.count, self.waited, self.draw())
        self.waited += seconds or 0.0
        return seconds


@dataclass(frozen=True, slots=True)
class Limits:
    """More than `share` of the last `window` events, once there were `least`: too many dead letters."""

    window: int = 100
    least: int = 20
    share: float = 0.5


class Ceiling:
    """Notices when most events of a stage end as dead letters."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._dead: deque[bool] = deque(maxlen=limits.window)

    def note(self, *, dead: bool, events: int = 1) -> None:
        """So many events ended like this."""
        self._dead.extend([dead] * min(events, self._limits.window))

    @property
    def dead(self) -> int:
        return sum(self._dead)

    @property
    def events(self) -> int:
        return len(self._dead)

    @property
    def exceeded(self) -> bool:
        return self.events >= self._limits.least and self.dead > self.events * self._limits.share
