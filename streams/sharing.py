"""Workers that ask the same endpoints share what may be asked: budgets, requests per minute, the health they know."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, field

from schemas.errors import CommitwireError
from streams.lifetime import Wait
from streams.models import Models
from streams.store.store import Store

EVERY_SECONDS = 5.0
LEASE_SECONDS = 20.0  # a worker that did not say so for this long is taken for dead
_log = logging.getLogger(__name__)


@dataclass
class Sharing:
    """Renews this worker's lease, and tells its models how many others there are."""

    store: Store
    models: Models
    wait: Wait
    worker: str = field(default_factory=lambda: uuid.uuid4().hex)

    async def go(self) -> None:
        """Until `wait` says that it is enough; then the others may have this worker's share at once."""
        beat = 0
        while True:
            beat += 1
            try:
                await self.models.share(await self.store.renew(self.worker, beat, LEASE_SECONDS))
            except CommitwireError as error:  # the shares of a moment ago are good enough
                _log.warning("the lease of this worker was not renewed: %s", error)
            if not await self.wait(EVERY_SECONDS):
                break
        await self.store.renew(self.worker, beat + 1, 0.0)
