"""The address at which a process listens, as people write it."""

from __future__ import annotations

import re

LAST_PORT = 65_535


def host_and_port(text: str) -> tuple[str, int]:
    """The parts of HOST:PORT; no host means all addresses, port 0 any port. Raises ValueError with one sentence."""
    match = re.fullmatch(r"(\S*):([0-9]{1,5})", text)
    if match is None or int(match[2]) > LAST_PORT:
        raise ValueError(f"{text!r} is no address; write HOST:PORT with a port from 0 to {LAST_PORT}")
    return match[1].strip("[]"), int(match[2])
