"""The documentation leads somewhere, the commands in it exist, and the packages keep their directions."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from importlinter.cli import lint_imports
from typer.main import get_command

from streams.commands.app import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")
COMMAND = re.compile(r"^(?:\.venv/bin/)?commitwire (.*)$", re.MULTILINE)


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


def test_the_packages_keep_their_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == 0, "run lint-imports"
