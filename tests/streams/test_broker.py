"""The URLs of brokers."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import Misuse
from streams.transports.broker import EmbeddedBroker, KafkaBroker, parse


def test_a_directory_is_an_embedded_log() -> None:
    assert parse("embedded:///var/lib/a%20log") == EmbeddedBroker(Path("/var/lib/a log"))


def test_a_host_is_enough() -> None:
    assert parse("kafka://localhost") == KafkaBroker(("localhost:9092",))


def test_servers_credentials_namespace_and_options(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.touch()
    url = f"kafka://app:p%40ss@a:1,[::1]:2/org.commits?mechanism=PLAIN&ca={authority}&idempotent=0"
    assert parse(url) == KafkaBroker(
        ("a:1", "[::1]:2"), "org.commits", "app", "p@ss", "PLAIN", tls=True, ca=authority, idempotent=False
    )


def test_topics_are_named_after_the_namespace_and_back() -> None:
    broker = KafkaBroker(("a:1",), "org")
    assert broker.named("commitwire.commits") == "org.commits"
    assert broker.plain("org.commits") == "commitwire.commits"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("kafka://", "needs a host"),
        ("kafka://a:b:c", "is no HOST:PORT"),
        ("kafka://a:70000", "is no HOST:PORT"),
        ("kafka://app@a:1", "a user and a password or neither"),
        ("kafka://a:1/with space", "cannot begin the name of a topic"),
        ("kafka://a:1?speed=9", "'speed' is not known"),
        ("kafka://a:1?tls=yes", "tls is 0 or 1"),
        ("kafka://a:1?mechanism=KERBEROS", "mechanism is one of"),
        ("kafka://a:1?ca=/no/such/file", "there is no file /no/such/file"),
        ("embedded://log", "absolute directory"),
        ("pigeon://a", "pigeon:// is not known"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(url: str, words: str) -> None:
    with pytest.raises(Misuse, match=words):
        parse(url)
    with pytest.raises(Misuse) as error:
        parse(f"kafka://app:secret@a:1,b:c:d/{url!r}")
    assert "secret" not in str(error.value)
