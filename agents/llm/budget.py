"""What may be spent in a UTC day, and how deep analyses can be for what is left."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from schemas.analyses import DEPTHS, Call, Depth

# with less than this share of the budget left, nothing deeper than this
_STEPS: tuple[tuple[float, Depth], ...] = ((0.10, "static"), (0.25, "brief"), (0.50, "standard"))


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens, and money in millionths of the budget's currency."""

    tokens: int = 0
    money: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.tokens + other.tokens, self.money + other.money)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.tokens - other.tokens, self.money - other.money)


class Budget:
    """Tokens and millionths of money for each UTC day, None for no bound. Time is an argument.

    `spent` is what the ledger says of `day` when a process begins. Several workers may spend the same budget, and see
    of each other only what is in the ledger, which may be behind: of what was left there each spends its share at most,
    and what it spent itself counts as its own until the ledger has it.
    """

    def __init__(
        self,
        tokens: int | None = None,
        money: int | None = None,
        *,
        spent: Spent | None = None,
        day: date | None = None,
    ) -> None:
        self._tokens = tokens
        self._money = money
        self._day = day
        self._told = spent or Spent()  # by the ledger, at the last look
        self._untold: dict[str, Spent] = {}  # calls made here that the ledger did not have then
        self._own = Spent()  # of all these
        self._expected = Spent()  # of what is under way
        self._reserved = Spent()  # the same at most
        self._workers = 1

    @property
    def untold(self) -> Collection[str]:
        """The ids of the calls that the ledger did not have at the last look."""
        return self._untold.keys()

    def share(self, told: Spent, entered: Collection[str], workers: int, now: datetime) -> None:
        """So many workers spend together; the ledger, when looked at `now`, said so much of its day.

        `entered` are those of `untold` that are counted in it.
        """
        self._workers = workers
        if self._turn(now):
            self._told = Spent(max(self._told.tokens, told.tokens), max(self._told.money, told.money))
            for each in entered:
                self._own -= self._untold.pop(each, Spent())

    def spent(self, now: datetime) -> Spent:
        """What is known to be spent on the day of `now`, without what is under way; nothing where nothing is bound."""
        self._turn(now)
        return self._told + self._own

    def left(self, now: datetime) -> float:
        """The share that is left, from 0.0 to 1.0, of tokens or money, whichever is less; what is under way is gone."""
        shares = (max(0.0, (most - gone) / most) if most else 0.0 for most, gone in self._used(self._expected, now))
        return min(shares, default=1.0)

    def depth(self, wanted: Depth, now: datetime) -> Depth:
        """The wanted depth, or the deepest one for which enough is left; "static" costs nothing."""
        left = self.left(now)
        allowed = next((depth for share, depth in _STEPS if left < share), DEPTHS[-1])
        return min(wanted, allowed, key=DEPTHS.index)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return self._reserved == Spent()

    def affords(self, most: Spent, now: datetime) -> bool:
        """Whether that much is left, whatever is under way takes."""
        return all(gone <= bound for bound, gone in self._used(self._reserved + most, now))

    def could_afford(self, most: Spent, now: datetime) -> bool:
        """Whether that much is left if what is under way takes nothing."""
        return all(gone <= bound for bound, gone in self._used(most, now))

    @contextmanager
    def reserve(self, expected: Spent, most: Spent) -> Iterator[None]:
        """Count what a question will take as gone while it is under way; spend what it really took within."""
        self._expected += expected
        self._reserved += most
        try:
            yield
        finally:
            self._expected -= expected
            self._reserved -= most

    def spend(self, call: Call) -> None:
        """Count a call on the day when it was asked."""
        if self._turn(call.asked_at) and self._is_bound:
            self._untold[call.id] = spent = Spent(call.prompt_tokens + call.completion_tokens, call.cost)
            self._own += spent

    @property
    def _is_bound(self) -> bool:
        return self._tokens is not None or self._money is not None

    def _used(self, more: Spent, now: datetime) -> list[tuple[int, int]]:
        """Each bound there is, and how much of it is gone if every worker spends as much as this one, and `more`."""
        self._turn(now)
        each = self._own + more
        gone = self._told + Spent(each.tokens * self._workers, each.money * self._workers)
        bounds = ((self._tokens, gone.tokens), (self._money, gone.money))
        return [(most, used) for most, used in bounds if most is not None]

    def _turn(self, at: datetime) -> bool:
        """Begin a new day if `at` is in one. Is `at` in the day that is counted?"""
        day = at.astimezone(UTC).date()
        if self._day is None:
            self._day = day
        elif day > self._day:
            self._day, self._told, self._own = day, Spent(), Spent()
            self._untold.clear()
        return day == self._day
