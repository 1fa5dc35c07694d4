"""Named points of the flow at which a test can kill the process: COMMITWIRE_KILL_AT=NAME:COUNT.

The process ends with SIGKILL when it passes the point NAME for the COUNT-th time. Without the variable a point costs
one comparison.
"""

from __future__ import annotations

import os
import signal

_name, _, _count = os.environ.get("COMMITWIRE_KILL_AT", "").partition(":")
_left = int(_count) if _count.isdecimal() else 1


def failpoint(name: str) -> None:
    """Pass a named point."""
    global _left
    if name == _name:
        _left -= 1
        if _left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
