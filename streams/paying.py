"""Paying debts by itself: one is asked for first, and when that is answered, all the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from schemas.errors import Retry
from streams.debts import pay
from streams.flow import Flow
from streams.lifetime import Wait
from streams.store.ledger import Debt
from streams.store.store import Store

LONGEST_SECONDS = 7200.0  # between two looks at what is owed, while the first one asked for is not answered
LOOK_SECONDS = 1.0
_log = logging.getLogger(__name__)


@dataclass
class Paying:
    """`patience` is how long, in seconds, the answer about one commit may take; `every` so many seconds it looks at
    what is owed; `owns` says whether this process is the one of several that pays."""

    store: Store
    flow: Flow
    wait: Wait
    patience: float
    every: float
    owns: Callable[[], bool]
    _vain: int = field(default=0, init=False)  # how many that were asked for first were not answered

    async def go(self) -> None:
        """Until `wait` says that it is enough."""
        pause = self.every
        while await self.wait(pause):
            try:
                paid = await self._pay()
            except Retry as error:
                _log.warning("debts are looked at later: %s", error)
                paid = False
            pause = self.every if paid else max(self.every, min(2 * pause, LONGEST_SECONDS))

    async def _pay(self) -> bool:
        """Whether everything that is owed was asked for."""
        debts = await self.store.debts() if self.owns() else []
        if debts:
            first = debts.pop(self._vain % len(debts))  # the next oldest each time: one may be beyond all help
            if not await self._answered(first):
                self._vain += 1
                return False
        await pay(self.flow, debts)
        return True

    async def _answered(self, debt: Debt) -> bool:
        """Whether a debt is paid now that it was asked for."""
        await pay(self.flow, [debt])
        waited = 0.0
        while waited < self.patience and await self.wait(LOOK_SECONDS):
            waited += LOOK_SECONDS
            said = await self.store.analysis(debt.repo, debt.sha, debt.language)
            if said is not None and said.round > debt.round:
                _log.info("the debt of %s@%s was asked for first: %s", debt.repo, debt.sha[:10], said.status)
                return said.status == "done"
        return False
