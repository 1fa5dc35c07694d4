"""The workers of a cluster, beside one who feeds it: what they run is left to them, and waited for."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

from schemas.errors import Stop
from schemas.topics import REQUESTS
from streams.lifetime import Ending, Wait, patiently
from streams.stage import Stage
from streams.transports.broker import KafkaBroker, parse

if TYPE_CHECKING:
    from streams.transports.kafka_groups import Ends, KafkaGroups

WORKER = "commitwire-worker"  # how the members of a group of consumers that stay call themselves
COMMAND = "commitwire-command"
STORE, MODELS = "store", "models"  # stages of streams.pipeline
LOOK_SECONDS = 0.1
AHEAD = 5_000  # records of a topic that may wait for their readers: enough to do for many workers
HOPS = 12  # stages from an event to its last descendant at most: asked about twice, scored, stored, told of, delivered
ASK_SECONDS = 15.0  # without any acknowledgement, until it is asked whether the workers are still there
ABSENT_SECONDS = 60.0  # in which a worker that is started again is back
_log = logging.getLogger(__name__)


class Colleagues:
    """Those who run some of the stages that a command needs; `staffed` names what workers run, `all` has its own, too.

    Members of a group share its partitions: a command that took some would do the work of other people's reports as
    its own options say. A service leaves nothing to others: it is a worker itself, or has no stages.
    """

    def __init__(self, groups: KafkaGroups, staffed: frozenset[str], stages: Collection[str]) -> None:
        self._groups = groups
        self.staffed = staffed
        self.all = staffed.union(stages)
        self._absent_since: float | None = None
        self._room: Counter[str] = Counter()  # records that a topic may take before its readers are asked again

    async def finish(self, wait: Wait, patience: float) -> None:
        """Wait until all stages have acknowledged what is on their topics now, and what comes of it.

        Raises Ending when `wait` says that it is enough, and Stop when nothing is acknowledged for `patience` seconds,
        or the workers are gone.
        """
        for _ in range(HOPS):
            if not await self._pass(self.all, wait, patience):
                return

    async def store(self, wait: Wait, patience: float) -> None:
        """Wait until what is on the topics now is stored. Raises as `finish` does."""
        await self._pass({STORE} & self.all, wait, patience)

    async def make_room(self, topics: Counter[str], wait: Wait, patience: float) -> None:
        """Wait until all who read these topics, wherever they are, leave room for so many records more of each.

        Raises as `finish` does.
        """
        for topic, wanted in topics.items():
            if self._room[topic] < min(wanted, AHEAD):
                self._room[topic] = await self._free(topic, min(wanted, AHEAD), wait, patience)
            self._room[topic] -= wanted

    async def _free(self, topic: str, wanted: int, wait: Wait, patience: float) -> int:
        ends = await patiently(self._groups.ends, wait)
        readers = [group for group in self.all if topic in self._groups.topics(group)]
        async with aclosing(self._watch(ends, readers, wait, patience)) as looks:
            async for unread in looks:
                free = AHEAD - unread.get(topic, 0)
                if free >= wanted:
                    break
        return free

    async def _pass(self, groups: Collection[str], wait: Wait, patience: float) -> bool:
        """Wait until these have acknowledged what is on the topics now: whether anything was not, or came."""
        ends = await patiently(self._groups.ends, wait)
        came = False
        async with aclosing(self._watch(ends, groups, wait, patience)) as looks:
            async for unread in looks:
                if not unread:
                    break
                came = True
        return came or await patiently(self._groups.ends, wait) != ends

    async def _watch(
        self, ends: Ends, groups: Collection[str], wait: Wait, patience: float
    ) -> AsyncGenerator[dict[str, int], None]:
        """What these groups have not acknowledged before the ends, as often as it is asked for. Raises as `finish`."""
        now = asyncio.get_running_loop().time
        asked = moved = now()
        before = None
        while True:
            yield (unread := await patiently(lambda: self._groups.unread(ends, groups), wait))
            if unread != before:
                asked, moved, before = now(), now(), unread
                self._absent_since = None
            elif now() - moved > patience:
                waiting = ", ".join(f"{topic} ({count})" for topic, count in sorted(unread.items()))
                raise Stop(f"nothing moved for {patience:g} s; unfinished records wait in {waiting}: start again")
            elif now() - asked > ASK_SECONDS:
                asked = now()
                _log.info("nobody has read anything for %.0f s: %s", now() - moved, unread)
                await self.check(wait)
            if not await wait(LOOK_SECONDS):
                raise Ending

    async def check(self, wait: Wait) -> None:
        """To be called now and then while they are waited for. Raises Stop when some were not there for a minute."""
        if not self.staffed:
            return
        gone = self.staffed - await patiently(lambda: staffed(self._groups), wait)
        now = asyncio.get_running_loop().time()
        since = now if self._absent_since is None else self._absent_since
        self._absent_since = since if gone else None
        if gone and now - since >= ABSENT_SECONDS:
            raise Stop(
                f"the workers that ran {', '.join(sorted(gone))} are gone: nothing is lost;"
                " start one, or this command again, which does their work then"
            )


@asynccontextmanager
async def beside(url: str, stages: Sequence[Stage], *, leaves: bool = True) -> AsyncIterator[Colleagues | None]:
    """Who runs some of these stages on the broker at `url` already. None for the embedded log, which has one reader.

    One who leaves nothing to them does not ask who they are.
    """
    broker = parse(url)
    if not isinstance(broker, KafkaBroker):
        yield None
        return
    from streams.transports.kafka_groups import KafkaGroups  # the client takes a while to import

    reads = {stage.name: [topic.name for topic in stage.reads] for stage in stages}
    # workers may ask models although this command does not
    async with KafkaGroups(broker, {MODELS: [REQUESTS.name], **reads}) as groups:
        left = frozenset[str]()
        if leaves:
            left = await patiently(lambda: staffed(groups), _always)
            _log.info("left to workers: %s", ", ".join(sorted(left)) or "nothing")
        yield Colleagues(groups, left, reads)


async def staffed(groups: KafkaGroups) -> frozenset[str]:
    """The groups in which workers are."""
    return frozenset(group for group, members in (await groups.members()).items() if WORKER in members)


async def _always(seconds: float) -> bool:
    await asyncio.sleep(seconds)
    return True
