"""A directory of prompts: what is wrong in it is said when it is read, with the file's name."""

from __future__ import annotations

import re
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from agents.analyzers.llm.prompt import Prompts
from schemas.errors import Misuse

WRONG = {
    "a dollar": ("commit.en.md", b"It costs\nup to $5.", "has a $ without a placeholder in line 2, col 7"),
    "a dollar in the system's": ("deep.zh-CN.md", b"$5 $rules", "has a $ without a placeholder in line 1, col 1"),
    "a stranger": ("report.en.md", b"$commits $diff", "has the unknown placeholder $diff; write $$ for a dollar sign"),
    "bytes": ("rules.en.md", b"caf\xe9 ", "is not UTF-8 (invalid continuation byte at byte 3); save it as UTF-8"),
    "no TOML": ("corrections.toml", b"[en", "is no TOML: Expected"),
    "one language": ("corrections.toml", b"[zh-TW]\n", "has no table [zh-CN]"),
    "no table": ("corrections.toml", b"zh-CN = 1", "has no table [zh-CN]"),
    "no text": ("corrections.toml", b"[zh-CN]\ncut = 1\n", "has no text zh-CN.cut"),
    "a wrong text": (
        "corrections.toml",
        b"[zh-CN]\ncut = '$5'\n",
        "has a $ without a placeholder in line 1, col 1 of zh-CN.cut",
    ),
}


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    return Path(shutil.copytree(str(files("agents.analyzers.llm").joinpath("prompts")), tmp_path / "prompts"))


@pytest.mark.parametrize(("name", "content", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(prompts: Path, name: str, content: bytes, sentence: str) -> None:
    (prompts / name).write_bytes(content)
    with pytest.raises(Misuse, match=re.escape(f"the prompt {name} in {prompts} {sentence}")):
        Prompts(prompts)


def test_a_file_that_is_missing_is_named(prompts: Path) -> None:
    (prompts / "brief.en.md").unlink()
    with pytest.raises(Misuse, match=r"the prompt brief\.en\.md cannot be read in .*; put all prompts there"):
        Prompts(prompts)


def test_a_doubled_dollar_is_one(prompts: Path) -> None:
    (prompts / "brief.en.md").write_text("Up to $$5. $rules")
    (prompts / "rules.en.md").write_text("Not $5.")
    assert Prompts(prompts).of("brief", "en").system == "Up to $5. Not $5."
