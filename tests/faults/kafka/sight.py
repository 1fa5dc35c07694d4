"""What a reader sees of an installation: the rows of every view, the report files, the events on the topics."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.kafka import crowd
from tests.faults.kafka.organisation import HOUR, SECONDS, Organisation

# whoever is touched, and how often, depends on the batches
TOPICS = ("commits", "analyses", "scores", "seals", "reports", "deliveries", "dead-letters")


@dataclass(frozen=True)
class Sight:
    """`rows` are of views and files, each with its place; `ids` are those of the events, each once."""

    rows: Counter[str]
    ids: frozenset[str]

    def lost(self, expected: Sight) -> list[str]:
        """What an undisturbed installation has and this one lacks."""
        return [*(expected.rows - self.rows).elements(), *sorted(expected.ids - self.ids)]

    def doubled(self, expected: Sight) -> list[str]:
        """What is here more often than in an undisturbed one."""
        return [*(self.rows - expected.rows).elements(), *sorted(self.ids - expected.ids)]


Sights = Sequence[Sight]  # of an installation that was given no portion of more work, one, two, …


def look(organisation: Organisation) -> Sight:
    """Homes and databases may differ: their names are written as HOME and ORG. So may the hour of the clock."""
    rows = Counter(_views(organisation) + _files(organisation))
    return Sight(rows, frozenset(_ids(organisation)))


def _plain(organisation: Organisation, text: str) -> str:
    text = text.replace(str(organisation.home), "HOME").replace(organisation.named, "ORG")
    for written in ("%Y-%m-%dT%H:", "%Y-%m-%d %H:"):
        text = text.replace((crowd.NOW - HOUR).strftime(written), crowd.NOW.strftime(written))
    return text


def _views(organisation: Organisation) -> list[str]:
    command = [sys.executable, "-m", "tests.faults.views", organisation.store]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    views = json.loads(_plain(organisation, done.stdout))
    for row in views["v_deliveries"]:
        del row["digest"]  # of files, which are compared themselves, and may tell of another hour
    return [f"{name}: {json.dumps(row, sort_keys=True)}" for name, rows in views.items() for row in rows]


def _files(organisation: Organisation) -> list[str]:
    paths = [path for path in organisation.out.rglob("*") if path.is_file()]
    return [f"{path.relative_to(organisation.out)}: {_plain(organisation, path.read_text())}" for path in paths]


def _ids(organisation: Organisation) -> list[str]:
    """An id of a delivery tells its directory: there are as many of them as files."""
    found = {topic: organisation.watch.records(topic) for topic in TOPICS}
    headers = {topic: [dict(one.headers) for one in records] for topic, records in found.items()}
    ids = {topic: {one["ce_id"].decode() for one in of if "ce_id" in one} for topic, of in headers.items()}
    deliveries = [f"deliveries {n}" for n in range(len(ids.pop("deliveries")))]
    return [*deliveries, *(f"{topic} {one}" for topic, of_topic in ids.items() for one in of_topic)]
