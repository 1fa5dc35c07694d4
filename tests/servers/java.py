"""The Java that Apache Kafka runs on."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.servers.unavailable import Unavailable

NEEDED = 17
ADVICE = f"Apache Kafka needs Java {NEEDED} or newer: install it (Debian: default-jre-headless) or set JAVA_HOME"


@functools.cache
def java() -> str:
    """The command `java`, of `$JAVA_HOME` or of the path. Raises Unavailable when there is none that is new enough."""
    home = os.environ.get("JAVA_HOME")
    command = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if command is None or _version(command) < NEEDED:
        raise Unavailable(ADVICE)
    return command


def _version(command: str) -> int:
    """The feature release of `command`, 0 when it is no working Java."""
    try:
        done = subprocess.run([command, "-version"], capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return 0
    found = re.search(r'version "(\d+)', done.stderr)
    return int(found[1]) if found and done.returncode == 0 else 0
