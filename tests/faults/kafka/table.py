"""Prints records of trials as the table of docs/reliability.md: python -m tests.faults.kafka.table RECORDS."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

HEAD = "| fault | times | events | lost | doubled | seconds to recover |\n|---|---|---|---|---|---|\n"
FEW = 3  # recoveries that are listed, each by itself


@dataclass
class Row:
    """What all trials of a fault came to."""

    fault: str
    times: int = 0
    lost: int = 0
    doubled: int = 0
    events: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        cells = (self.fault, self.times, span(self.events), self.lost, self.doubled, recovery(self.seconds))
        return f"| {' | '.join(str(cell) for cell in cells)} |\n"


def table(lines: Sequence[str]) -> str:
    """Of lines of JSON, as Record tells them: a row for each fault, in the order of their names."""
    rows: dict[str, Row] = {}
    for told in map(json.loads, lines):
        row = rows.setdefault(told["fault"], Row(told["fault"]))
        row.times += told["times"]
        row.lost += told["lost"]
        row.doubled += told["doubled"]
        row.events.append(told["events"])
        row.seconds += told["to"]
    return HEAD + "".join(str(rows[fault]) for fault in sorted(rows, key=str.lower))


def span(numbers: Sequence[int]) -> str:
    """From the least to the most."""
    least, most = min(numbers), max(numbers)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def recovery(seconds: Sequence[float]) -> str:
    """From the least to the most, and the middle; a few are listed."""
    if not seconds:
        return "none to see"
    if len(seconds) <= FEW:
        return ", ".join(f"{one:.1f}" for one in sorted(seconds))
    return f"{min(seconds):.1f} to {max(seconds):.1f}, half of them below {median(seconds):.1f}"


if __name__ == "__main__":
    sys.stdout.write(table(Path(sys.argv[1]).read_text().splitlines()))
