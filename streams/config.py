"""Configuration: read once, typed, frozen. Command options win over it, the environment over the file."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import platformdirs
from pydantic import Field, ValidationError

from schemas.definition import Language
from schemas.errors import Misuse
from schemas.model import Frozen

FILE = "commitwire.toml"
RESERVED = {"COMMITWIRE_CONFIG", "COMMITWIRE_CLOCK", "COMMITWIRE_KILL_AT"}


class Settings(Frozen):
    """Every key of commitwire.toml. Each can be set as COMMITWIRE_KEY, too; lists are then separated by commas."""

    data: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("commitwire", appauthor=False)),
        description="Directory of the embedded log, the embedded store and the mirrors. Option: `--data`.",
    )
    broker: str = Field(
        default="",
        description="Where the streams are: `embedded:///DIRECTORY` (default: `log` in the data directory).",
    )
    store: str = Field(
        default="",
        description="Where everything is kept: `chdb:///DIRECTORY` (default: `store` in the data directory) or "
        "`clickhouse://USER:${PASSWORD}@HOST:8123/DATABASE` (`clickhouses://` with TLS).",
    )
    repos: tuple[str, ...] = Field(
        default=(".",), description="Repositories of the report, `[[host/]owner/name=]PATH_OR_URL`. Arguments: `REPO`."
    )
    name: str = Field(default="daily", description="The report's name. Option: `--name`.")
    zone: str = Field(default="", description="Time zone of its days (default: the machine's). Option: `--tz`.")
    language: Language = Field(default="zh-CN", description="Language of the report. Option: `--lang`.")
    formats: tuple[str, ...] = Field(default=("md", "json"), description="Files to write. Option: `--format`.")
    out: Path = Field(default=Path("out"), description="Directory of the report files. Option: `--out`.")
    templates: Path | None = Field(
        default=None, description="Directory whose templates replace those of the same name in `reports/templates/`."
    )
    rubric: Path | None = Field(default=None, description="A rubric file in place of `agents/scorers/rubric.toml`.")
    close_limit_minutes: int = Field(
        default=60, ge=1, description="A day whose commits are not all answered is published after this long."
    )
    revise_days: int = Field(
        default=30, ge=0, description="Commits that a force push took away leave the reports of this many days."
    )

    @property
    def broker_url(self) -> str:
        return self.broker or f"embedded://{self.data.absolute()}/log"

    @property
    def store_url(self) -> str:
        return self.store or f"chdb://{self.data.absolute()}/store"

    @property
    def close_limit(self) -> timedelta:
        return timedelta(minutes=self.close_limit_minutes)

    @property
    def mirrors(self) -> Path:
        return self.data.absolute() / "mirrors"


def load_settings(path: Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The configuration file (`path`, else $COMMITWIRE_CONFIG, else ./, else the user's) under the environment.

    Raises Misuse that names the file or variable and the key.
    """
    file = _file(path, environ)
    values = _read(file) if file else {}
    where = dict.fromkeys(values, str(file))
    for key, text in _overrides(environ).items():
        values[key] = [part.strip() for part in text.split(",")] if key in ("repos", "formats") else text
        where[key] = f"the variable COMMITWIRE_{key.upper()}"
    try:
        return Settings.model_validate({key: _expand(value, environ, where[key]) for key, value in values.items()})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = str(first["loc"][0])
        known = f"; known keys: {', '.join(Settings.model_fields)}" if first["type"] == "extra_forbidden" else ""
        raise Misuse(f"{where.get(key, file)}: {key}: {first['msg']}{known}") from error


def _file(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    asked = path or (Path(environ["COMMITWIRE_CONFIG"]) if environ.get("COMMITWIRE_CONFIG") else None)
    if asked is not None:
        if not asked.is_file():
            raise Misuse(f"there is no configuration file {asked}")
        return asked
    places = (Path(FILE), Path(platformdirs.user_config_dir("commitwire", appauthor=False)) / FILE)
    return next((place for place in places if place.is_file()), None)


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misuse(f"{file} cannot be read: {error}") from error


def _overrides(environ: Mapping[str, str]) -> dict[str, str]:
    prefix = "COMMITWIRE_"
    return {
        name.removeprefix(prefix).lower(): text
        for name, text in environ.items()
        if name.startswith(prefix) and name not in RESERVED
    }


def _expand(value: object, environ: Mapping[str, str], where: str) -> object:
    """`${NAME}` in a text becomes the variable's value, so that passwords need not stand in files."""
    if isinstance(value, list):
        return [_expand(item, environ, where) for item in value]
    if not isinstance(value, str):
        return value

    def variable(match: re.Match[str]) -> str:
        if match[1] not in environ:
            raise Misuse(f"{where}: the variable {match[1]} is not set")
        return environ[match[1]]

    return re.sub(r"\$\{(\w+)\}", variable, value)


def masked(url: str) -> str:
    """The URL as it may be shown: without its password."""
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":***@") if password else url


def machine_zone() -> str:
    """The machine's zone by name, UTC when it has none that can be named."""
    named = os.environ.get("TZ", "").lstrip(":")
    link = os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]
    for zone in (named, link):
        if zone and is_zone(zone):
            return zone
    return "UTC"


def is_zone(name: str) -> bool:
    """Whether this names a time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True


def zone_named(text: str) -> str:
    """`text` when it is a time zone; Misuse otherwise."""
    if not is_zone(text):
        raise Misuse(f"--tz: there is no time zone {text!r}; write a name such as Asia/Shanghai, Europe/Berlin or UTC")
    return text
