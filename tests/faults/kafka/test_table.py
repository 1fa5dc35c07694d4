"""The table that is made of the records of trials."""

from __future__ import annotations

import json

from tests.faults.kafka.table import table


def _told(fault: str, times: int, events: int, *to: float) -> str:
    return json.dumps({"fault": fault, "times": times, "events": events, "lost": 0, "doubled": 0, "to": to})


def test_trials_of_a_fault_are_one_row() -> None:
    lines = [_told("b", 3, 7200, 2.5, 0.3), _told("a", 1, 7200), _told("b", 2, 14400, 1.0, 4.0)]
    assert table(lines).splitlines()[2:] == [
        "| a | 1 | 7,200 | 0 | 0 | none to see |",
        "| b | 5 | 7,200 to 14,400 | 0 | 0 | 0.3 to 4.0, half of them below 1.8 |",
    ]


def test_a_few_recoveries_are_listed() -> None:
    assert table([_told("a", 3, 7200, 2.0, 1.0, 3.0)]).endswith("| 1.0, 2.0, 3.0 |\n")
