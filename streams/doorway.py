"""The socket of a data directory, through which commands speak to the process that owns it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import Misuse
from streams.config import Settings
from streams.store import address
from streams.transports import broker
from streams.transports.broker import EmbeddedBroker

NAME = "commitwire.sock"
LONGEST = 100  # bytes of an address: systems have room for 104 or 108, with a zero at the end
_DESCRIPTORS = Path("/proc/self/fd")


def is_owned(settings: Settings) -> bool:
    """Whether a process with these settings has its log or its store in a directory, which is then its own."""
    embedded = isinstance(broker.parse(settings.broker_url), EmbeddedBroker)
    return embedded or address.parse(settings.store_url).directory is not None


@contextmanager
def reachable(directory: Path) -> Iterator[str]:
    """An address of the directory's socket that is short enough, for as long as the body runs.

    A long path is spoken of through a descriptor of its directory. Raises Misuse where there are none (macOS), and
    FileNotFoundError without the directory.
    """
    path = directory / NAME
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    if not _DESCRIPTORS.is_dir():
        raise Misuse(f"{path} is too long for a socket of this system; name a directory with a shorter path")
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield str(_DESCRIPTORS / str(descriptor) / NAME)
    finally:
        os.close(descriptor)


def bound(directory: Path) -> socket.socket:
    """A socket in the directory for its owner's user alone. One that a killed owner left behind is replaced.

    Only who owns the directory may call this. Raises Misuse when it cannot be made.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        unbind(directory)
        with reachable(directory) as short:
            made.bind(short)
            os.chmod(short, 0o600)  # nobody can connect before it listens
    except OSError as error:
        made.close()
        raise Misuse(f"{directory / NAME} cannot be made: {error.strerror}; name another directory") from error
    except BaseException:
        made.close()
        raise
    return made


def unbind(directory: Path) -> None:
    """Take the socket away."""
    (directory / NAME).unlink(missing_ok=True)
