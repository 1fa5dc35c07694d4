"""Configuration: read once, typed, frozen. Command options win over it, the environment over the file."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import platformdirs
from pydantic import ConfigDict, Field, ValidationError, field_validator

from agents.llm.settings import EndpointSettings
from reports.deliveries.files import check_formats
from schemas.complaint import complaints
from schemas.definition import NAME_PATTERN, Language
from schemas.errors import Misuse
from schemas.model import Frozen
from streams.complaint import sentence
from streams.listening import host_and_port
from streams.request import STDIN_NAME
from streams.sources.repository import locate
from streams.store import address
from streams.transports import broker
from streams.transports.broker import Layout

FILE = "commitwire.toml"
RESERVED = {"COMMITWIRE_CONFIG", "COMMITWIRE_CLOCK", "COMMITWIRE_KILL_AT"}
RESERVED |= {"COMMITWIRE_REPORT", "COMMITWIRE_DAY", "COMMITWIRE_REVISION"}  # for what `subscribe --exec` runs
PATHS = ("data", "out", "templates", "rubric", "prompts")
IN_FILES_ONLY = ("endpoints",)


class Settings(Frozen):
    """Every key of commitwire.toml. Each can be set as COMMITWIRE_KEY, too; lists are then separated by commas.

    All paths but `out`, which is printed as it was given, are absolute: the embedded store changes the working
    directory for a moment while it opens. The limits are such that no number overflows where it is used.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    data: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("commitwire", appauthor=False)),
        description="Directory of the embedded log, the embedded store and the mirrors. Option: `--data`.",
    )
    broker: str = Field(
        default="",
        description="Where the streams are: `embedded:///DIRECTORY` (default: `log` in the data directory) or "
        "`kafka://[USER:${PASSWORD}@]HOST:9092[,HOST2:9092][/NAMESPACE]` (options after `?`: `tls=1`, `ca=FILE`, "
        "`mechanism=SCRAM-SHA-512`, `idempotent=0`).",
    )
    store: str = Field(
        default="",
        description="Where everything is kept: `chdb:///DIRECTORY` (default: `store` in the data directory) or "
        "`clickhouse://USER:${PASSWORD}@HOST:8123/DATABASE` (`clickhouses://` with TLS; options after `?`: `ca=FILE`, "
        "`cluster=NAME`).",
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
    profile: str = Field(
        default="default",
        description="The profile of the rubric by which commits are scored; every worker's rubric must have it.",
    )
    close_limit_minutes: int = Field(
        default=60,
        ge=1,
        le=525_600,
        description="A day whose commits are not all answered is published after this long.",
    )
    revise_days: int = Field(
        default=30,
        ge=0,
        le=36_500,
        description="Commits that a force push took away leave the reports of this many days.",
    )

    llm: bool | None = Field(
        default=None,
        description="Whether a model analyzes commits: `true` (option `--llm`), `false` (`--no-llm`) or, by default, "
        "when `endpoints` are configured or `OPENAI_BASE_URL` is set.",
    )
    endpoints: tuple[EndpointSettings, ...] = Field(
        default=(),
        description="OpenAI-compatible endpoints, the preferred one first: see below. Default: `OPENAI_BASE_URL` with "
        "`OPENAI_API_KEY`.",
    )
    model: str = Field(
        default="",
        description="The model of endpoints that name none (default: the first that the endpoint lists).",
    )
    prompts: Path | None = Field(
        default=None, description="Directory of prompts in place of `agents/analyzers/llm/prompts/`, all of them."
    )
    slots: int = Field(default=8, ge=1, le=256, description="Commits that are with the model at the same time.")
    content_attempts: int = Field(
        default=3, ge=1, le=20, description="Answers that are asked for until one can be used; the commit is owed then."
    )
    budget_tokens: int | None = Field(
        default=None,
        ge=0,
        le=10**15,
        description="Tokens per UTC day. As they run out, analyses become shallower, then owed.",
    )
    budget_money: float | None = Field(
        default=None, ge=0, le=10**12, description="Money per UTC day, in the currency of the endpoints' prices."
    )
    opening: bool = Field(default=False, description="Whether the model writes the opening paragraph of each report.")

    partitions: int = Field(
        default=12, ge=1, le=1000, description="Partitions of each topic that is made on a Kafka broker."
    )
    replication: int = Field(
        default=1,
        ge=1,
        le=9,
        description="Copies of each topic that is made on a Kafka broker; 3 in earnest.",
    )
    session_seconds: float = Field(
        default=20, ge=1, le=300, description="A worker that is silent for so long loses its partitions to others."
    )
    every_seconds: float = Field(
        default=60,
        gt=0,
        le=86_400,
        description="How often `ingest` and `up` look at the sources, in seconds; `worker` and `up` look as often at "
        "what is owed, and less often while no model answers.",
    )
    listen: str = Field(
        default="127.0.0.1:9464",
        description='HOST:PORT of health and metrics of `up`, `worker` and `ingest`; port 0 is any, `""` none.',
    )
    listen_token: str = Field(
        default="", description="What everybody who asks for more than the health must know; needed off this machine."
    )

    @field_validator("repos")
    @classmethod
    def _are_repos(cls, repos: tuple[str, ...]) -> tuple[str, ...]:
        if not repos or not all(repos):
            raise ValueError("a repository is missing: give at least one path or URL, or leave the key out")
        return repos

    @field_validator("listen")
    @classmethod
    def _is_address_or_none(cls, listen: str) -> str:
        if listen:
            host_and_port(listen)
        return listen

    @field_validator("name")
    @classmethod
    def _can_name(cls, name: str) -> str:
        check_name(name)
        return name

    @field_validator("zone")
    @classmethod
    def _is_zone_or_none(cls, zone: str) -> str:
        if zone:
            check_zone(zone)
        return zone

    @field_validator("formats")
    @classmethod
    def _are_formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        check_formats(formats)
        return formats

    @property
    def layout(self) -> Layout:
        """How topics are made on a broker, and how its readers are watched."""
        return Layout(self.partitions, self.replication, self.session_seconds)

    @property
    def broker_url(self) -> str:
        return self.broker or f"embedded://{_in_url(self.data)}/log"

    @property
    def store_url(self) -> str:
        return self.store or f"chdb://{_in_url(self.data)}/store"

    @property
    def close_limit(self) -> timedelta:
        return timedelta(minutes=self.close_limit_minutes)

    @property
    def mirrors(self) -> Path:
        return self.data / "mirrors"


def load_settings(path: Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The configuration file (`path`, else $COMMITWIRE_CONFIG, else ./, else the user's) under the environment.

    Relative paths of the file start at its directory, those of the environment at the working directory.
    Raises Misuse that names the file or variable and the key.
    """
    file = _file(path, environ)
    values = _read(file) if file else {}
    where = dict.fromkeys(values, str(file))
    for key, text in _overrides(environ).items():
        if key in IN_FILES_ONLY:
            raise Misuse(f"the variable COMMITWIRE_{key.upper()}: {key} can only be set in {FILE}")
        values[key] = [part.strip() for part in text.split(",")] if key in ("repos", "formats") else text
        where[key] = f"the variable COMMITWIRE_{key.upper()}"
    values = {key: _expand(value, environ, where[key]) for key, value in values.items()}
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise _misuse(error, where, file) from None  # the cause may show a key
    _check_urls(settings, where)
    said_by_file = {key for key in values if file and where[key] == str(file)}
    return _absolute(_rooted(settings, said_by_file, file) if file else settings)


def _misuse(error: ValidationError, where: Mapping[str, str], file: Path | None) -> Misuse:
    first = complaints(error)[0]
    key = str(first.path[0])
    fields = Settings.model_fields if len(first.path) == 1 else EndpointSettings.model_fields
    return Misuse(f"{where.get(key, file)}: {sentence(first, fields)}")


def _check_urls(settings: Settings, where: Mapping[str, str]) -> None:
    checks = (("broker", settings.broker, broker.parse), ("store", settings.store, address.parse))
    for key, url, check in checks:
        try:
            if url:
                check(url)
        except Misuse as error:
            raise Misuse(f"{where[key]}: {key}: {error}") from error


def _rooted(settings: Settings, keys: Collection[str], file: Path) -> Settings:
    """The settings with relative paths under these keys starting at the directory of `file`."""
    found: dict[str, object] = {
        key: file.parent / path for key in PATHS if key in keys and (path := getattr(settings, key)) is not None
    }
    if "repos" in keys:
        found["repos"] = tuple(_rooted_repo(repo, file) for repo in settings.repos)
    return settings.model_copy(update=found)


def _rooted_repo(argument: str, file: Path) -> str:
    directory = file.absolute().parent
    if argument == STDIN_NAME:
        return argument
    if argument and (directory / argument).exists():
        return str(directory / argument)
    try:
        place = locate(argument)
    except Misuse as error:
        raise Misuse(f"{file}: repos: {error}") from error
    name, equals, path = argument.partition("=") if place.name else ("", "", argument)
    return argument if place.url else f"{name}{equals}{directory / path}"


def _absolute(settings: Settings) -> Settings:
    paths = {key: path.absolute() for key in PATHS if key != "out" and (path := getattr(settings, key)) is not None}
    return settings.model_copy(update=paths)


def _in_url(path: Path) -> str:
    """The path as it stands in a URL; characters that mean nothing there stay readable."""
    return re.sub(r"[%?#]", lambda match: quote(match[0]), str(path.absolute()))


def _file(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    asked = path or (Path(environ["COMMITWIRE_CONFIG"]) if environ.get("COMMITWIRE_CONFIG") else None)
    if asked is not None:
        if not _is_file(asked):
            raise Misuse(f"there is no configuration file {asked}")
        return asked
    places = (Path(FILE), Path(platformdirs.user_config_dir("commitwire", appauthor=False)) / FILE)
    return next((place for place in places if _is_file(place)), None)


def _is_file(path: Path) -> bool:
    """Raises Misuse where nobody can tell: what was configured must not be left out in silence."""
    try:
        return path.is_file()
    except OSError as error:
        raise Misuse(
            f"{path} cannot be read: {error.strerror}; get access to it, or name another with --config"
        ) from error


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
    if isinstance(value, dict):
        return {key: _expand(item, environ, where) for key, item in value.items()}
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


def check_zone(text: str) -> None:
    """Raises ValueError when this names no time zone."""
    if not is_zone(text):
        raise ValueError(f"there is no time zone {text!r}; write a name such as Asia/Shanghai, Europe/Berlin or UTC")


def check_name(text: str) -> None:
    """Raises ValueError when this cannot name a report, which is also a directory."""
    if not re.fullmatch(NAME_PATTERN, text):
        raise ValueError(f"{text!r} cannot name a report; use letters, digits, dots, hyphens and underscores")
