"""A command beside the workers of an installation: they do most of its work, and it learns of what they publish."""

from __future__ import annotations

import json

import pytest

from tests.faults.kafka import crowd
from tests.faults.kafka.organisation import Organisation

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_a_report_is_made_while_workers_run(organisation: Organisation) -> None:
    organisation.until_running([organisation.hire(), organisation.hire()])
    report = organisation.report("own")
    organisation.until(lambda: report.code is not None, "the report is made")
    assert report.code == 0, report.said()
    events = [json.loads((organisation.out / "own" / f"{day}.json").read_text()) for day in crowd.DAYS]
    assert sum(event["coverage"]["commits"] for event in events) == crowd.COMMITS
    assert [event["coverage"]["missing"] for event in events] == [0] * len(events)
    organisation.end()
