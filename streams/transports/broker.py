"""Where a broker is: `embedded:///abs/dir`, or `kafka://[USER:PASSWORD@]HOST[:PORT][,…][/NAMESPACE][?tls=1&…]`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from schemas.errors import Misuse

NAMESPACE = "commitwire"  # what the names of topics begin with, and of the groups of consumers
PORT = 9092
LARGEST_RECORD = 8 * 2**20  # bytes: a commit with its files and a patch of 256 KB has room several times
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_OPTIONS = ("tls", "ca", "mechanism", "idempotent")


@dataclass(frozen=True)
class Layout:
    """How topics are made on a broker that has none of them yet, and how members of a group are watched."""

    partitions: int = 1
    replication: int = 1
    session_seconds: float = 20.0  # a member that is silent for so long loses its partitions

    @property
    def heartbeat_seconds(self) -> float:
        return min(3.0, self.session_seconds / 3)


ONE_PARTITION = Layout()


@dataclass(frozen=True)
class EmbeddedBroker:
    """The log in a directory of this machine: it has no other names than ours."""

    directory: Path
    namespace: ClassVar[str] = NAMESPACE

    def named(self, topic: str) -> str:
        return topic

    def plain(self, name: str) -> str:
        return name


@dataclass(frozen=True)
class KafkaBroker:
    """A Kafka cluster. `servers` are HOST:PORT. With `ca`, the file of the authority to trust, TLS is used.

    `idempotent` producers never write a record twice; brokers that only speak the protocol may not know them.
    """

    servers: tuple[str, ...]
    namespace: str = NAMESPACE
    user: str = ""
    password: str = ""
    mechanism: str = "SCRAM-SHA-512"
    tls: bool = False
    ca: Path | None = None
    idempotent: bool = True

    @property
    def place(self) -> str:
        """The servers, for people; without credentials."""
        return ", ".join(self.servers)

    def named(self, topic: str) -> str:
        """The name on the broker of a topic of schemas.topics."""
        return self.namespace + topic.removeprefix(NAMESPACE)

    def plain(self, name: str) -> str:
        """The name in schemas.topics of a topic on the broker."""
        return NAMESPACE + name.removeprefix(self.namespace)


def parse(url: str) -> EmbeddedBroker | KafkaBroker:
    """Raises Misuse, in words that never show the password."""
    scheme, separator, _ = url.partition("://")
    if scheme == "embedded":
        return _embedded(url)
    if scheme == "kafka":
        return _kafka(url)
    named = f"{scheme}://" if separator else "a broker without a scheme"
    raise Misuse(f"{named} is not known; write embedded:///DIRECTORY or kafka://HOST:9092")


def _embedded(url: str) -> EmbeddedBroker:
    place = url.removeprefix("embedded://")
    if not place.startswith("/"):
        raise Misuse("an embedded log needs an absolute directory; write embedded:///DIRECTORY")
    return EmbeddedBroker(Path(unquote(place)))


def _kafka(url: str) -> KafkaBroker:
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    servers = tuple(_server(host) for host in hosts.split(",") if host)
    if not servers:
        raise Misuse("a Kafka broker needs a host; write kafka://HOST:9092")
    if bool(user) != bool(password):
        raise Misuse("a Kafka broker takes a user and a password or neither; write kafka://USER:${PASSWORD}@HOST:9092")
    options = _options(parts)
    tls, ca = options.get("tls") == "1" or "ca" in options, options.get("ca")
    return KafkaBroker(
        servers,
        _namespace(parts),
        unquote(user),
        unquote(password),
        options.get("mechanism", "SCRAM-SHA-512"),
        tls,
        Path(ca) if ca else None,
        options.get("idempotent") != "0",
    )


def _server(text: str) -> str:
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::([0-9]{1,5}))?", text)
    if match is None or int(match[2] or PORT) > 65535:
        raise Misuse(f"{text!r} is no HOST:PORT of a Kafka broker; write kafka://HOST:9092,HOST2:9092")
    return f"{match[1]}:{match[2] or PORT}"


def _namespace(parts: SplitResult) -> str:
    name = unquote(parts.path.strip("/")) or NAMESPACE
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", name):
        raise Misuse(f"the namespace {name!r} cannot begin the name of a topic; use letters, digits, '.', '_' and '-'")
    return name


def _options(parts: SplitResult) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for unknown in options.keys() - set(_OPTIONS):
        raise Misuse(f"the broker's option {unknown!r} is not known; known: {', '.join(_OPTIONS)}")
    for name in ("tls", "idempotent"):
        if options.get(name, "1") not in ("0", "1"):
            raise Misuse(f"the broker's option {name} is 0 or 1")
    if options.get("mechanism", MECHANISMS[0]) not in MECHANISMS:
        raise Misuse(f"the broker's mechanism is one of {', '.join(MECHANISMS)}")
    if "ca" in options and not Path(options["ca"]).is_file():
        raise Misuse(f"there is no file {options['ca']}; the broker's option ca names the authority to trust")
    return options
