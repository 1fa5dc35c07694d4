"""What holds for all tests: how property tests run, and that in CI nothing is skipped for want of a tool."""

from __future__ import annotations

import os

from hypothesis import settings

pytest_plugins = ["tests.servers.brokers", "tests.servers.clickhouse"]

# Machines are shared and slow now and then: an example has no deadline. CI repeats the same examples every time.
settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "developer")
