"""The documentation leads somewhere, the commands in it exist, and the packages keep their directions."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from agents.analyzers.llm.answer import ASKED
from agents.analyzers.llm.limits import Limits
from agents.scorers.rubric import Rubric
from streams.commands.app import app
from streams.config import Settings, load_settings
from streams.endpoints import endpoints

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")
COMMAND = re.compile(r"^(?:\.venv/bin/)?commitwire (.*)$", re.MULTILINE)


MODELS = (ROOT / "docs" / "llm.md").read_text()
FILES = re.findall(r"^```toml\n# commitwire\.toml\n.*?^```", MODELS, re.MULTILINE | re.DOTALL)
KEYS = {"OPENAI_API_KEY": "sk-openai", "NVIDIA_API_KEY": "nvapi-key"}


def commands(text: str) -> list[str]:
    """What follows `commitwire` in the examples for a shell; a comment ends at its line."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in COMMAND.findall(block.replace("\\\n", " "))]


def unknown_options(arguments: list[str]) -> list[str]:
    """The options of an example that its command does not have."""
    command = get_command(app)
    known: set[str] = set()
    for position, word in enumerate(arguments):
        known |= {name for parameter in command.params for name in parameter.opts}
        subcommands = getattr(command, "commands", {})
        if not subcommands or word.startswith("-"):
            return [one for one in arguments[position:] if one.startswith("-") and one != "-" and one not in known]
        assert word in subcommands, f"there is no command {word!r}"
        command = subcommands[word]
    return []


def headings(page: Path) -> set[str]:
    """The anchors of a page, as hosts make them."""
    found = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{page.name}: {target}"
        assert not anchor or file.suffix != ".md" or anchor in headings(file), f"{page.name}: {target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_exists_with_its_options(page: Path) -> None:
    found = commands(page.read_text())
    assert found or page.name != "README.md"
    for line in found:
        assert unknown_options(shlex.split(line, comments=True)) == [], line


def test_a_wrong_example_would_be_seen() -> None:
    assert unknown_options(["report", "-", "--colour", "red"]) == ["--colour"]
    assert unknown_options(["topics", "tail", "reports", "--josn"]) == ["--josn"]
    with pytest.raises(AssertionError, match="there is no command 'raport'"):
        unknown_options(["raport"])


def loaded(block: str, directory: Path) -> Settings:
    """The settings of an example file."""
    file = directory / "commitwire.toml"
    file.write_text(block.removeprefix("```toml\n").removesuffix("```"))
    return load_settings(file, KEYS)


def test_the_examples_of_endpoints_can_be_copied(tmp_path: Path) -> None:
    asked = [endpoints(loaded(block, tmp_path), {}) for block in FILES]
    assert [[one.label for one in chain] for chain in asked] == [
        ["api.openai.com/v1"],
        ["integrate.api.nvidia.com/v1"],
        ["localhost:11434/v1"],
        ["localhost:8000/v1"],
        ["ours", "hosted"],
    ]
    for chain in asked:
        for endpoint in chain:
            assert bool(endpoint.key.get_secret_value()) == endpoint.url.startswith("https:")


def test_the_example_of_an_opinion_is_the_shipped_one() -> None:
    [block] = re.findall(r"^```toml\n(# rubric\.toml\n.*?)^```", MODELS, re.MULTILINE | re.DOTALL)
    said = tomllib.loads(block)["profiles"]["default"]["opinion"]
    assert said == Rubric.shipped().profile("default").opinion.model_dump()


def test_the_costs_are_what_their_formula_says() -> None:
    rows = re.findall(r"^\| ([\d.]+) / ([\d.]+) \| ([\d.]+) \|$", MODELS, re.MULTILINE)
    assert len(rows) == 3
    for asked, answered, money in rows:
        assert (2_250 * float(asked) + 740 * float(answered)) / 1_000 == pytest.approx(float(money), abs=0.006)


def test_the_depths_are_those_of_the_program() -> None:
    limits = Limits()
    rows = re.findall(
        r"^\| (deep|standard|brief) \| \w+ \| ([\d,]+) \| (\d+) \| ([\d,]+) \| ([\d,]+) \|$", MODELS, re.MULTILINE
    )
    told = {depth: [int(number.replace(",", "")) for number in numbers] for depth, *numbers in rows}
    assert len(told) == 3
    for depth in ASKED:
        tokens, parts, answer, context = told[depth]
        assert (tokens, parts, answer) == (limits.tokens[depth], limits.parts[depth], limits.answers[depth])
        assert context >= tokens * (1 + 1 / 4 + 1 / 6) + limits.beside + answer


def test_the_packages_keep_their_directions() -> None:
    """In a process of its own: import-linter disables the loggers of the one that it runs in."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports; exit(lint_imports(no_cache=True))"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
