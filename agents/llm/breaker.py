"""Whether an endpoint may be asked now. Pure: time is an argument, nobody waits here."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal

from agents.llm.port import Health

_WINDOW = 20  # outcomes on the wire that count
_FEWEST = 10  # outcomes before they say anything
_STRAY_REJECTIONS = 3  # questions refused in a row before the endpoint is held to refuse all
_WELL_FOR = timedelta(minutes=10)
_FIRST_REST, _LONGEST_REST = 30.0, 600.0  # seconds, after transient errors
_FIRST_BAN, _LONGEST_BAN = 60.0, 7200.0  # seconds, after permanent ones
_LONGEST_WAIT = timedelta(days=1)

State = Literal["unknown", "well", "open", "banned"]


class Admission(Enum):
    GO = "go"
    ALONE = "alone"  # this call finds out how the endpoint is: say `release` when it is over
    WAIT = "wait"  # for the call that finds out
    SHUT = "shut"


class Breaker:
    """unknown ── good ──► well ── half of the last 20 are errors, or no good answer for 10 minutes ──► unknown

    From any state: a call alone that fails makes it open (30 seconds, doubling to 10 minutes), a permanent error banned
    (1 minute, doubling to 2 hours). When that time is over one call alone finds out.
    """

    def __init__(self, health: Health | None = None) -> None:
        health = health or Health()
        # whether it is still well, a later process cannot know
        self.state: State = "unknown" if health.state == "well" else health.state
        self.retry_at = datetime.fromisoformat(health.retry_at) if health.retry_at else None
        self.reason = health.reason
        self._wait = health.wait_seconds
        self._alone = False
        self._outcomes: deque[bool] = deque(maxlen=_WINDOW)
        self._rejections = 0
        self._last_good: datetime | None = None

    def admit(self, now: datetime) -> Admission:
        """May a call go now? ALONE is given to one call at a time."""
        if self.is_shut(now):
            return Admission.SHUT
        if self.state == "well" and self._last_good is not None and abs(now - self._last_good) <= _WELL_FOR:
            return Admission.GO
        if self.state == "well":
            self._doubt()
        if self._alone:
            return Admission.WAIT
        self._alone = True
        return Admission.ALONE

    def is_shut(self, now: datetime) -> bool:
        # the upper bound holds when a clock was set back
        return self.retry_at is not None and now < self.retry_at <= now + _LONGEST_WAIT

    @property
    def is_busy(self) -> bool:
        """Whether a call alone is under way."""
        return self._alone

    def release(self) -> None:
        """The call alone is over, one way or the other."""
        self._alone = False

    def good(self, now: datetime) -> None:
        """An answer came, or a complaint that only an endpoint in good health makes."""
        self._outcomes.append(True)
        self._rejections = 0
        self._last_good = now
        # stragglers from before do not open what was closed meanwhile
        if not self.is_shut(now):
            self.state, self.retry_at, self.reason, self._wait = "well", None, "", 0.0

    def error(self) -> None:
        """An attempt failed on the wire. Refusals for the rate are no errors: the pace takes care of them."""
        self._outcomes.append(False)
        if (
            self.state == "well"
            and len(self._outcomes) >= _FEWEST
            and self._outcomes.count(False) * 2 >= len(self._outcomes)
        ):
            self._doubt()

    def rejected(self, now: datetime, reason: str) -> None:
        """This one question was refused; if all are, the endpoint refuses to work."""
        self._rejections += 1
        if self._rejections >= _STRAY_REJECTIONS:
            self.denied(now, reason)
        else:
            self.error()

    def given_up(self, now: datetime, reason: str) -> None:
        """A call alone ended without an answer."""
        if self.state == "banned":
            self.denied(now, reason)
        elif not self.is_shut(now):
            self._shut("open", now, self._next(_FIRST_REST, _LONGEST_REST), reason)

    def denied(self, now: datetime, reason: str) -> None:
        """A permanent error: the key, the model, the account."""
        if self.state != "banned":
            self._wait = 0.0
        elif self.is_shut(now):
            return  # was under way when the first one came
        self._shut("banned", now, self._next(_FIRST_BAN, _LONGEST_BAN), reason)

    def rest(self, now: datetime, seconds: float, reason: str) -> None:
        """The endpoint asks for a longer wait than a call has patience."""
        if not self.is_shut(now):
            self._shut("open", now, min(seconds, _LONGEST_WAIT.total_seconds()), reason)

    def health(self, formats: Mapping[str, str]) -> Health:
        """What to remember."""
        retry_at = self.retry_at.isoformat() if self.retry_at else ""
        return Health(self.state, retry_at, self._wait, self.reason if self.retry_at else "", formats)

    def _next(self, first: float, longest: float) -> float:
        return min(longest, self._wait * 2) if self._wait else first

    def _shut(self, state: State, now: datetime, seconds: float, reason: str) -> None:
        self.state, self._wait, self.reason = state, seconds, reason
        self.retry_at = now + timedelta(seconds=seconds)
        self._outcomes.clear()

    def _doubt(self) -> None:
        self.state = "unknown"
        self._outcomes.clear()
