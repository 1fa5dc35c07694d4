"""Configuration: where it comes from, and one sentence for everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import Misuse
from streams.config import Settings, load_settings, machine_zone, masked, zone_named
from streams.reference import reference


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
        ("nmae = 'x'", {}, r"commitwire.toml: nmae: .*known keys: data, broker"),
        ("name = ", {}, r"commitwire.toml cannot be read: Invalid value"),
        ("language = 'fr'", {}, r"commitwire.toml: language: Input should be 'zh-CN' or 'en'"),
        ("store = '${NO_SUCH}'", {}, r"commitwire.toml: the variable NO_SUCH is not set"),
        ("", {"COMMITWIRE_REVISE_DAYS": "many"}, r"the variable COMMITWIRE_REVISE_DAYS: revise_days: .*integer"),
        ("", {"COMMITWIRE_COLOUR": "red"}, r"the variable COMMITWIRE_COLOUR: colour"),
    ],
)
def test_what_is_wrong_is_named(file: Path, text: str, environ: dict[str, str], sentence: str) -> None:
    file.write_text(text)
    with pytest.raises(Misuse, match=sentence):
        load_settings(file, environ)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"there is no configuration file .*none\.toml"):
        load_settings(tmp_path / "none.toml", {})


def test_zones_are_checked_by_name() -> None:
    assert zone_named(machine_zone())
    for wrong in ("Mars/Olympus", "", "../etc/passwd", "\0"):
        with pytest.raises(Misuse, match="--tz: there is no time zone"):
            zone_named(wrong)


def test_the_reference_is_the_one_in_the_documentation() -> None:
    page = Path(__file__).parents[2] / "docs" / "configuration.md"
    assert page.read_text() == reference(), "run `make docs`"
    assert all(f"`{key}`" in reference() for key in Settings.model_fields)
