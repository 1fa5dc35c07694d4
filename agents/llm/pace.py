"""How fast an endpoint may be asked. Pure: times are seconds of a steady clock, nobody waits here."""

from __future__ import annotations

import math
from collections import deque

from agents.llm.limits import Limits

# A little over a minute: a request that left a minute after another may arrive sooner after it.
WINDOW = 60.5
_BURST_SHARE = 1 / 6  # of a known limit, at once after a pause
_FIRST_HOLD, _LONGEST_HOLD = 1.0, 60.0  # seconds after a refusal that does not say how long
_LONG_RETRY = 5.0  # seconds: who asks to wait so long counts by the minute
_NEAR = 0.9  # share of a limit from which on a refusal is about that limit
_MANY = 10  # refusals among the last 20 outcomes
_GROWTH_SECONDS = 20.0
_NO_LIMIT = 60_000  # requests per minute from which on a limit is none


class Pace:
    """Requests per minute: configured, said by headers, or learned from refusals.

    A limit that refusals taught is what went through in the minute before. It grows by 1 %, 2 %, 4 %, … every twenty
    seconds until the next refusal, so that it stays close to the limit where there is one and is soon forgotten where
    there was none.
    """

    def __init__(self, rpm: int | None = None) -> None:
        self._rpm = self._configured = rpm
        self._said: int | None = None
        self._learned: float | None = None
        self._growths = 0
        self._grown_at = 0.0
        self._sent: deque[float] = deque()
        self._earliest = 0.0  # when the next request is due, were it evenly spread
        self._hold_until = 0.0
        self.refusals_in_a_row = 0  # those under way together counted once
        self._refusing_since: float | None = None
        self._outcomes: deque[bool] = deque(maxlen=20)

    def share(self, workers: int) -> None:
        """So many workers keep the configured limit together. What headers say counts them all, refusals each."""
        self._configured = None if self._rpm is None else max(1, self._rpm // workers)

    def limit(self, at: float) -> float | None:
        """Requests per minute that may be sent now; None for any number."""
        self._grow(at)
        return min((float(x) for x in (self._known, self._learned) if x is not None), default=None)

    def delay(self, at: float) -> float:
        """Seconds until the next request may be sent; 0.0 for now."""
        limit = self.limit(at)
        due = self._hold_until
        if limit is not None:
            burst = 0.0 if self._learned is not None else (limit * _BURST_SHARE - 1) * WINDOW / limit
            due = max(due, self._earliest - max(0.0, burst), self._free_at(limit, at))
        return max(0.0, due - at)

    def sent(self, at: float) -> None:
        """A request leaves."""
        self._forget(at)
        self._sent.append(at)
        limit = self.limit(at)
        self._earliest = max(self._earliest, at) + (WINDOW / limit if limit else 0.0)

    def answered(self, at: float, limits: Limits) -> None:
        """A request was answered, with what its headers say of the limits."""
        self.refusals_in_a_row, self._refusing_since = 0, None
        self._outcomes.append(True)
        requests, reset = limits.requests or 0, limits.reset or 0.0
        # a limit whose reset is far counts by the hour or day: of no use for a minute
        if 0 < requests < _NO_LIMIT and reset <= WINDOW:
            self._said = requests
            if limits.remaining is not None:
                self._count_others(at, requests - limits.remaining, reset or WINDOW)
        elif limits.remaining == 0:
            self._hold_until = max(self._hold_until, at + min(reset, _LONGEST_HOLD))

    def refused(self, at: float, sent_at: float, retry_after: float | None) -> float:
        """A request was refused for its rate. Returns the seconds that it has to wait before it is sent again."""
        if sent_at in self._sent:
            self._sent.remove(sent_at)
        self._outcomes.append(False)
        if self._refusing_since is None:
            self._refusing_since = at
        # those under way together are refused together: one event
        if at < self._hold_until:
            return self._hold_until - at
        self.refusals_in_a_row += 1
        doubled = min(_LONGEST_HOLD, _FIRST_HOLD * 2 ** min(self.refusals_in_a_row - 1, 10))
        hold = doubled if retry_after is None else retry_after
        self._forget(at)
        expected = self._is_near(self._known)
        if not expected and self._teaches(retry_after):
            through = float(len(self._sent))
            self._learned = max(1.0, min(through, self._learned or through))
            self._growths, self._grown_at = 0, at + hold
            expected = True
        if expected:
            self._hold_until = at + hold
        return hold

    @property
    def refusing(self) -> bool:
        """Did refusals come since the last answer?"""
        return self._refusing_since is not None

    def refused_for(self, at: float, since: float = -math.inf) -> float:
        """Of the seconds from `since` to `at` the last ones, in which refusals came and no answer."""
        return 0.0 if self._refusing_since is None else max(0.0, at - max(since, self._refusing_since))

    @property
    def _known(self) -> int | None:
        return self._configured or self._said

    def _teaches(self, retry_after: float | None) -> bool:
        """Is the refusal about requests per minute, which all have to heed, or a passing overload?"""
        by_the_minute = retry_after is None or retry_after >= _LONG_RETRY
        return by_the_minute or self._is_near(self._learned) or self._outcomes.count(False) > _MANY

    def _is_near(self, limit: float | None) -> bool:
        return limit is not None and len(self._sent) >= _NEAR * limit

    def _grow(self, at: float) -> None:
        while self._learned is not None and at >= self._grown_at + _GROWTH_SECONDS:
            self._learned += max(1.0, self._learned * 0.01) * 2**self._growths
            self._growths += 1
            self._grown_at += _GROWTH_SECONDS
            if self._learned > _NO_LIMIT:
                self._learned = None

    def _free_at(self, limit: float, at: float) -> float:
        """When fewer than `limit` requests were sent in the minute before."""
        self._forget(at)
        most = max(1, int(limit))
        return self._sent[-most] + WINDOW if len(self._sent) >= most else at

    def _forget(self, at: float) -> None:
        while self._sent and self._sent[0] <= at - WINDOW:
            self._sent.popleft()

    def _count_others(self, at: float, used: int, reset: float) -> None:
        """Others use the same key, or an earlier process did: what they sent counts like ours."""
        self._forget(at)
        others = used - len(self._sent)
        if others <= max(2, used // 20):
            return
        oldest = at - WINDOW + reset
        step = (at - oldest) / others
        self._sent = deque(sorted([*self._sent, *(oldest + i * step for i in range(others))]))
