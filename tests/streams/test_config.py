"""Configuration: where it comes from, and one sentence for everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import Misuse
from streams.clock import clock_from_environment
from streams.commands import options
from streams.config import Settings, check_zone, load_settings, machine_zone, masked
from streams.reference import reference
from streams.store import address
from streams.transports.broker import EmbeddedBroker, parse


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "commitwire.toml"


def test_the_environment_stands_above_the_file(file: Path) -> None:
    file.write_text('name = "weekly"\nzone = "UTC"\nrepos = ["a", "b"]\n')
    settings = load_settings(file, {"COMMITWIRE_ZONE": "Europe/Berlin", "COMMITWIRE_REPOS": "x, y"})
    assert (settings.name, settings.zone, settings.repos) == ("weekly", "Europe/Berlin", ("x", "y"))


def test_the_file_named_by_the_environment_is_read(file: Path) -> None:
    file.write_text('name = "weekly"\n')
    assert load_settings(None, {"COMMITWIRE_CONFIG": str(file)}).name == "weekly"


def test_values_take_variables_and_passwords_are_masked(file: Path) -> None:
    file.write_text('store = "clickhouse://app:${SECRET}@db:8123/wire"\n')
    settings = load_settings(file, {"SECRET": "hush"})
    assert settings.store_url == "clickhouse://app:hush@db:8123/wire"
    assert masked(settings.store_url) == "clickhouse://app:***@db:8123/wire"


@pytest.mark.parametrize(
    ("text", "environ", "sentence"),
    [
        ("nmae = 'x'", {}, r"commitwire.toml: nmae: there is no such key; known keys: data, broker"),
        ("name = ", {}, r"commitwire.toml cannot be read: Invalid value"),
        ("language = 'fr'", {}, r"commitwire.toml: language: must be 'zh-CN' or 'en'"),
        ("store = '${NO_SUCH}'", {}, r"commitwire.toml: the variable NO_SUCH is not set"),
        (
            "broker = 'nats://k:9092'",
            {},
            r"commitwire.toml: broker: nats:// is not known; write embedded:///DIRECTORY or kafka://HOST:9092",
        ),
        ("broker = 'k:9092'", {}, r"commitwire.toml: broker: a broker without a scheme is not known"),
        ("broker = 'embedded://log'", {}, r"broker: an embedded log needs an absolute directory"),
        (
            "",
            {"COMMITWIRE_STORE": "mysql://u:hush@db/x"},
            r"COMMITWIRE_STORE: store: the store URL begins with 'mysql'",
        ),
        ("repos = ['rocket=x']", {}, r"commitwire.toml: repos: 'rocket' is no repository name"),
        (
            "",
            {"COMMITWIRE_REVISE_DAYS": "many"},
            r"the variable COMMITWIRE_REVISE_DAYS: revise_days: must be a whole number$",
        ),
        ("revise_days = 999999", {}, r"commitwire.toml: revise_days: must be less than or equal to 36500$"),
        ("close_limit_minutes = 9999999999999", {}, r"close_limit_minutes: must be less than or equal to 525600$"),
        (f"close_limit_minutes = {10**30}", {}, r"close_limit_minutes: must be less than or equal to 525600$"),
        ("every_seconds = inf", {}, r"commitwire.toml: every_seconds: must be a finite number$"),
        ("every_seconds = 1e9", {}, r"every_seconds: must be less than or equal to 86400$"),
        ("session_seconds = nan", {}, r"session_seconds: must be a finite number$"),
        ("budget_money = inf", {}, r"budget_money: must be a finite number$"),
        ("budget_money = 1e300", {}, r"budget_money: must be less than or equal to 1000000000000$"),
        ("slots = 1.5", {}, r"slots: must be a whole number$"),
        ("every_seconds = 'often'", {}, r"every_seconds: must be a number$"),
        ("llm = 'perhaps'", {}, r"llm: must be true or false$"),
        ("zone = 1", {}, r"zone: must be a text in quotes$"),
        ("data = 1", {}, r"data: must be a path in quotes$"),
        ("repos = 'r'", {}, r"repos: must be a list in brackets, such as \["),
        ("repos = []", {}, r"commitwire.toml: repos: a repository is missing: give at least one path or URL"),
        ("", {"COMMITWIRE_REPOS": ""}, r"the variable COMMITWIRE_REPOS: repos: a repository is missing"),
        ("endpoints = 'e'", {}, r"endpoints: must be tables; write each under \[\[endpoints\]\]$"),
        ("endpoints = ['e']", {}, r"endpoints.0: must be tables; write each under \[\[endpoints\]\]$"),
        ("[[endpoints]]\nmodel = 'm'", {}, r"endpoints.0.url: is missing$"),
        (
            "[[endpoints]]\nurl = 'http://h/v1'\nkye = 'k'",
            {},
            r"endpoints.0.kye: there is no such key; known keys: url",
        ),
        ("listen = 'bogus'", {}, r"commitwire.toml: listen: 'bogus' is no address; write HOST:PORT with a port from 0"),
        ("listen = 'localhost:99999'", {}, r"listen: 'localhost:99999' is no address; write HOST:PORT"),
        ("zone = 'Mars/Base'", {}, r"commitwire.toml: zone: there is no time zone 'Mars/Base'; write a name such as"),
        ("", {"COMMITWIRE_ZONE": "Mars/Base"}, r"the variable COMMITWIRE_ZONE: zone: there is no time zone"),
        ("", {"COMMITWIRE_NAME": "../up"}, r"the variable COMMITWIRE_NAME: name: '../up' cannot name a report; use"),
        ("formats = ['md', 'pdf']", {}, r"commitwire.toml: formats: pdf is no format; write md, json or both"),
        ("formats = []", {}, r"commitwire.toml: formats: nothing is no format"),
        ("", {"COMMITWIRE_COLOUR": "red"}, r"the variable COMMITWIRE_COLOUR: colour"),
    ],
)
def test_what_is_wrong_is_named(file: Path, text: str, environ: dict[str, str], sentence: str) -> None:
    file.write_text(text)
    with pytest.raises(Misuse, match=sentence) as caught:
        load_settings(file, environ)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("listen", ["", ":9464", "localhost:0", "[::1]:65535"])
def test_an_address_to_listen_at(file: Path, listen: str) -> None:
    assert load_settings(None, {"COMMITWIRE_LISTEN": listen}).listen == listen


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"there is no configuration file .*none\.toml"):
        load_settings(tmp_path / "none.toml", {})


def test_relative_paths_start_at_the_file_or_at_the_working_directory(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    (here / "c=d").mkdir(parents=True)
    (tmp_path / "a=b").mkdir()
    file.write_text(
        "data = 'data'\nout = 'out'\ntemplates = '/t'\n"
        "repos = ['.', 'x', 'acme/y=y', 'acme/z=/z', 'a=b', '-', 'acme/u=git@host:u', 'https://h.org/o/v.git']\n"
    )
    monkeypatch.chdir(here)
    settings = load_settings(Path("../commitwire.toml"), {"COMMITWIRE_RUBRIC": "rubric.toml"})
    top = here / ".."
    assert (settings.data, settings.out) == (top / "data", Path("../out")), "what is printed stays short"
    assert (settings.templates, settings.rubric) == (Path("/t"), here / "rubric.toml")
    assert settings.repos == (
        *(f"{top}", f"{top}/x", f"acme/y={top}/y", "acme/z=/z", f"{top}/a=b"),
        *("-", "acme/u=git@host:u", "https://h.org/o/v.git"),
    )
    assert options.settings(file, Path("e")).mirrors == here / "e" / "mirrors"
    environ = {"COMMITWIRE_DATA": "d", "COMMITWIRE_OUT": "o", "COMMITWIRE_REPOS": "x,acme/y=y"}
    settings = load_settings(file, environ)
    assert (settings.data, settings.out, settings.repos) == (here / "d", Path("o"), ("x", "acme/y=y"))


def test_a_directory_with_signs_that_mean_something_in_urls(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "50%41 #1 数据")
    assert address.parse(settings.store_url).directory == settings.data / "store"
    assert parse(settings.broker_url) == EmbeddedBroker(settings.data / "log")


def test_the_clock_file_is_found_from_any_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clock").write_text("2026-02-12T06:00:00+00:00")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMMITWIRE_CLOCK", "clock")
    clock = clock_from_environment()
    monkeypatch.chdir("/")
    assert clock.now().year == 2026


def test_zones_are_checked_by_name() -> None:
    check_zone(machine_zone())
    assert load_settings(None, {"COMMITWIRE_ZONE": ""}).zone == "", "the machine's"
    for wrong in ("Mars/Olympus", "", "../etc/passwd", "\0"):
        with pytest.raises(ValueError, match="there is no time zone"):
            check_zone(wrong)


def test_the_reference_is_the_one_in_the_documentation() -> None:
    page = Path(__file__).parents[2] / "docs" / "configuration.md"
    assert page.read_text() == reference(), "run `make docs`"
    assert all(f"`{key}`" in reference() for key in Settings.model_fields)
