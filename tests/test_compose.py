"""docker-compose.yml and the Dockerfile fit each other, the program, and the servers that the tests run on.

What reads them is not needed: the first is checked by the schema of its specification, both by what they name.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from streams.commands.app import app
from streams.config import Settings, load_settings
from streams.store import address
from streams.transports import broker
from tests.compose import COMPOSE, DOCKERFILE, NEEDED, ROLES, ROOT, environment, interpolated, mounted, services
from tests.servers import clickhouse_library
from tests.servers.fetch import PINNED

CHOSEN = {
    "COMMITWIRE_NAME": "team",
    "COMMITWIRE_LANGUAGE": "en",
    "COMMITWIRE_EVERY_SECONDS": "30",
    "COMMITWIRE_LISTEN": "0.0.0.0:9464",
    "COMMITWIRE_LISTEN_TOKEN": "t0ken",
    "COMMITWIRE_MODEL": "small",
    "COMMITWIRE_SLOTS": "4",
    "COMMITWIRE_BUDGET_TOKENS": "1000000",
    "OPENAI_BASE_URL": "http://models:8000/v1",
    "OPENAI_API_KEY": "sk-compose",
}


def settings(outside: Mapping[str, str], service: str = "worker") -> Settings:
    return load_settings(None, environment(service, outside))


@pytest.fixture(autouse=True)
def _no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No commitwire.toml of this machine is found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_it_is_a_compose_file() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_is_one_of_the_program(role: str) -> None:
    usual = settings(NEEDED, role)
    assert usual.repos == ("https://github.com/pallets/flask.git", "acme/x=/repos/x")
    assert (usual.data, usual.out, usual.zone) == (Path("/data"), Path("/reports"), "UTC")
    chosen = settings(NEEDED | CHOSEN, role)
    assert (chosen.name, chosen.language, chosen.listen, chosen.slots) == ("team", "en", "0.0.0.0:9464", 4)
    assert set(CHOSEN) <= environment(role, NEEDED | CHOSEN).keys()
    assert not set(CHOSEN) & environment(role, NEEDED).keys()


def test_the_roles_speak_to_the_servers_beside_them() -> None:
    kafka, clickhouse = environment("kafka", {}), environment("clickhouse", NEEDED)
    said = broker.parse(settings(NEEDED).broker_url)
    assert isinstance(said, broker.KafkaBroker)
    assert f"INTERNAL://{said.servers[0]}" in kafka["KAFKA_ADVERTISED_LISTENERS"].split(",")
    store = address.parse(settings(NEEDED).store_url)
    assert (store.host, store.database, store.user) == ("clickhouse", clickhouse["CLICKHOUSE_DB"], "commitwire")
    assert (store.user, store.password) == (clickhouse["CLICKHOUSE_USER"], clickhouse["CLICKHOUSE_PASSWORD"])


@pytest.mark.parametrize("missing", NEEDED)
def test_what_must_be_chosen_has_no_default(missing: str) -> None:
    with pytest.raises(AssertionError, match=f"{missing} is not set"):
        environment("worker", {name: value for name, value in NEEDED.items() if name != missing})


def test_no_secret_has_a_default_and_no_port_is_public() -> None:
    secret = re.compile(r"PASSWORD|TOKEN$|KEY")
    for service in services().values():
        for name, value in service["environment"].items():
            assert not secret.search(name) or value is None or re.fullmatch(r"\$\{\w+:\?[^}]+\}", str(value)), name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_every_command_exists_and_every_path_is_kept_or_forgotten_on_purpose() -> None:
    known = getattr(get_command(app), "commands", {})
    volumes = yaml.safe_load(COMPOSE.read_text())["volumes"]
    for role in ROLES:
        service = services()[role]
        assert service["command"][0] in known
        assert {interpolated(volume, {}).partition(":")[0] for volume in service["volumes"]} <= volumes.keys()
        assert "/data" in mounted(role)
    [usual] = re.findall(r'^CMD \["(\w+)"\]$', DOCKERFILE, re.MULTILINE)
    assert usual in known
    [program] = re.findall(r'^ENTRYPOINT \["tini", "--", "(\w+)"\]$', DOCKERFILE, re.MULTILINE)
    assert program in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]


def test_the_health_is_asked_for_where_it_is_told() -> None:
    [asked] = re.findall(r"http://([\d.:]+)/readyz", DOCKERFILE)
    assert asked == settings(NEEDED).listen


def test_the_servers_are_those_that_the_tests_run_on() -> None:
    images = {name: service["image"].partition(":")[2] for name, service in services().items()}
    assert f"Apache Kafka {images['kafka']} " in PINNED.read_text().splitlines()[0]
    assert clickhouse_library.VERSION.startswith(f"{images['clickhouse']}.")


def test_the_image_is_built_of_what_is_here() -> None:
    assert {path.name for path in sources()} >= {"pyproject.toml", "agents", "reports", "schemas", "streams"}
    assert all(path.exists() for path in sources())
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert kept == {path.name for path in sources()}
    assert re.findall(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE) == ["10001"]


def sources() -> list[Path]:
    """What of this directory is copied into the image."""
    copied = [shlex.split(line)[:-1] for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)]
    return [ROOT / name for names in copied for name in names]


@pytest.mark.faults
def test_what_is_installed_in_the_image_is_whole(tmp_path: Path) -> None:
    """Templates, words, prompts, rubric and migrations are files of the packages, and travel with them."""
    source, made = tmp_path / "source", tmp_path / "made"
    source.mkdir()
    for path in sources():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(path, source / path.name, ignore=ignored) if path.is_dir() else shutil.copy(path, source)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(made), str(source)]
    subprocess.run(command, check=True, timeout=280)
    packages = [path.name for path in sources() if path.is_dir()]
    assert files(made, packages) == files(ROOT, packages)


def files(root: Path, packages: list[str]) -> set[str]:
    found = {path for package in packages for path in (root / package).rglob("*") if path.is_file()}
    return {str(path.relative_to(root)) for path in found if "__pycache__" not in path.parts}
