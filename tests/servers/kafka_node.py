"""The configuration of one node of Apache Kafka."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.servers.java import java
from tests.servers.ports import Port

CLUSTER_ID = "Q29tbWl0d2lyZS10ZXN0cw"
SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-512")

# Few threads, small buffers, and decisions within seconds: what a large broker takes its time for would be most of a
# test. `broker.session.timeout.ms` is also how long a broker that was killed has to wait before it may come back.
SMALL_AND_QUICK = {
    "process.roles": "broker,controller",
    "inter.broker.listener.name": "CLIENT",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "num.network.threads": "1",
    "num.io.threads": "2",
    "num.replica.fetchers": "1",
    "num.recovery.threads.per.data.dir": "1",
    "background.threads": "1",
    "log.cleaner.dedupe.buffer.size": str(4 << 20),
    "log.index.size.max.bytes": str(1 << 20),
    "broker.heartbeat.interval.ms": "300",
    "broker.session.timeout.ms": "2000",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "100",
}


@dataclass(frozen=True)
class Listeners:
    """The ports of one node, reserved until `release`."""

    ports: tuple[Port, Port, Port, Port]

    @classmethod
    def reserve(cls) -> Listeners:
        return cls((Port(), Port(), Port(), Port()))

    @property
    def client(self) -> int:
        return self.ports[0].number

    @property
    def controller(self) -> int:
        return self.ports[1].number

    @property
    def sasl(self) -> int:
        return self.ports[2].number

    @property
    def tls(self) -> int:
        return self.ports[3].number

    def release(self) -> None:
        for port in self.ports:
            port.release()


def properties(node: int, cluster: Mapping[int, Listeners], data: Path, users: Mapping[str, str]) -> dict[str, str]:
    """The properties of `node`, one of `cluster`, with its records in `data`."""
    mine = cluster[node]
    open_to_clients = {"CLIENT": mine.client} | ({"SASL": mine.sasl, "TLS": mine.tls} if users else {})
    return {
        **SMALL_AND_QUICK,
        **_listening(open_to_clients, mine.controller),
        **_copies(len(cluster)),
        **(_asking(users) if users else {}),
        "node.id": str(node),
        "log.dirs": str(data),
        "controller.quorum.voters": ",".join(f"{each}@127.0.0.1:{at.controller}" for each, at in cluster.items()),
    }


def keystore(certificate: Path) -> dict[str, str]:
    """The properties of a key for the address of loopback, made if need be; `certificate` is what clients trust."""
    store = certificate.with_suffix(".p12")
    if not store.exists():
        _make_key(store, certificate)
    return {
        "listener.name.tls.ssl.keystore.location": str(store),
        "listener.name.tls.ssl.keystore.password": "loopback",
    }


def _make_key(store: Path, certificate: Path) -> None:
    keytool = shutil.which("keytool", path=str(Path(java()).resolve().parent)) or "keytool"
    secret = ["-keystore", str(store), "-storepass", "loopback", "-alias", "broker"]
    name = ["-dname", "CN=127.0.0.1", "-ext", "san=ip:127.0.0.1", "-keyalg", "EC", "-validity", "30"]
    for step in (["-genkeypair", *name], ["-exportcert", "-rfc", "-file", str(certificate)]):
        subprocess.run([keytool, *step, *secret], check=True, capture_output=True, timeout=60)


def _listening(clients: Mapping[str, int], controller: int) -> dict[str, str]:
    addresses = [f"{name}://127.0.0.1:{port}" for name, port in clients.items()]
    return {
        "listeners": ",".join([*addresses, f"CONTROLLER://127.0.0.1:{controller}"]),
        "advertised.listeners": ",".join(addresses),
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SASL_SSL",
    }


def _copies(nodes: int) -> dict[str, str]:
    """With three nodes every record is on all of them, and on two before it is acknowledged."""
    copies, enough = str(min(nodes, 3)), str(2 if nodes > 2 else 1)
    return {
        "default.replication.factor": copies,
        "min.insync.replicas": enough,
        "offsets.topic.num.partitions": str(nodes),
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.num.partitions": "1",
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": enough,
    }


def _asking(users: Mapping[str, str]) -> dict[str, str]:
    plain = " ".join(f'user_{name}="{word}"' for name, word in users.items())
    login = "org.apache.kafka.common.security"
    return {"sasl.enabled.mechanisms": ",".join(("PLAIN", *SCRAM))} | {
        f"listener.name.{listener}.{mechanism}.sasl.jaas.config": f"{login}.{module} required {arguments};"
        for listener in ("sasl", "tls")
        for mechanism, module, arguments in (
            ("plain", "plain.PlainLoginModule", plain),
            *((scram.lower(), "scram.ScramLoginModule", "") for scram in SCRAM),
        )
    }
