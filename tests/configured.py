"""Homes that are told of a model, by the environment or by their configuration file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.commitwire import Commitwire


def by_environment(home: Commitwire, url: str, **variables: object) -> None:
    """The endpoint at `url`; `variables` are keys of the configuration."""
    home.environment |= {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "sk-nobody-knows-this-key"}
    home.environment |= {f"COMMITWIRE_{name.upper()}": str(value) for name, value in variables.items()}


def by_file(home: Commitwire, *endpoints: Mapping[str, object], **keys: object) -> None:
    """A commitwire.toml with these keys and endpoints."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in keys.items()]
    for endpoint in endpoints:
        lines += ["[[endpoints]]", *(f"{name} = {json.dumps(value)}" for name, value in endpoint.items())]
    (home.home / "commitwire.toml").write_text("\n".join(lines) + "\n")


def forgets_models(home: Commitwire) -> None:
    """As if no model had ever been configured in the environment."""
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        home.environment.pop(name, None)


def coverage(home: Commitwire, day: str) -> dict[str, Any]:
    """What the report of a day says of itself."""
    said: dict[str, Any] = home.event(day)["coverage"]
    return said


def by_models(home: Commitwire, day: str) -> int:
    """How many commits of a day a model analyzed."""
    return sum(count for name, count in coverage(home, day)["by_analyzer"].items() if name.startswith("llm"))
