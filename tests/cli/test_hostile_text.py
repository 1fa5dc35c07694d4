"""Titles, bodies, authors and paths that attack the report: it shows them and stays what it is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.scene import utc, with_origin
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo, quoted

CHECK = Path(__file__).parents[3] / "shared" / "tools" / "check_report.py"
TITLES = (
    "fix: a | pipe || and \\| another \\",
    "feat: `code` and ``two` and ` one",
    "# fix: a heading",
    "## 🔴 高重要度变更 (9)",
    "=====",
    "--- ---",
    "- [ ] a list",
    "1. numbered",
    "> quoted",
    "[link](javascript:alert(1)) and [other](https://evil.example)",
    "![image](https://evil.example/pixel.png)",
    "<!-- a comment that never ends",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '</details></table><a id="end"></a>',
    "thanks @octocat and @acme/team",
    "~~~",
    "```",
    "a*b_c*d_ **bold** __init__ ~~gone~~",
    "<https://evil.example> https://evil.example/?a=b|c www.evil.example",
    "&lt;b&gt; &#60;i&#62; &copy;",
    "fix: 右\u202e左 and \u2066isolated\u2069 \x07bell",
    "{{ 7 * 7 }} {% raw %} ${HOME} %s {title}",
    "$$x^2$$ :rocket: #1 !2 GH-3 acme/rocket@1234567",
    "**SHA**：`1234567` | 🔗 [查看提交](https://evil.example)",
    "本日共 99 个提交 | 🔴高 99 | 🟡中 0 | 🟢低 0",
    "| 2026-02-11 10:00:00 | nobody | a row |",
    "x" * 3000,
    "[" * 500 + "](" * 500,
)
BODY = """## A heading
Setext
======
Setext
---

| a | table |
|---|---|
```
never closed
<details><summary>open
- [x](javascript:alert(1))
@octocat please
[ref]: https://evil.example
    indented code
**🎯 变更类型**：安全修复"""
AUTHORS = (
    "Ada | Lovelace <ada@example.org>",
    "`Ada` **Lovelace** <ada@example.org>",
    "@octocat <o@example.org>",
    "[Ada](javascript:alert(1)) <ada@example.org>",
    "# Ada & <!-- Co <ada@example.org>",
    "Ada\\ <ada@example.org>",
)
PATHS = ("src/a|b`c`.py", "src/<script>.py", "docs/[x](javascript:y).md", "tests/@octocat.py", 'a\nb\t"c".py', "-.py")


@pytest.fixture
def hostile(repo: GitRepo) -> GitRepo:
    """A day of attacks: each title, with and without a body, by each author, in each path."""
    with_origin(repo)
    for number, title in enumerate(TITLES):
        author, path = AUTHORS[number % len(AUTHORS)], PATHS[number % len(PATHS)]
        when = int(utc("2026-02-11 08:00").timestamp()) + 60 * number
        above = f"from {repo.tip()}\n" if number else ""
        message = f"{title}\n\n{BODY if number % 2 else title}\n".encode()
        head = f"commit refs/heads/main\nauthor {_bare(author)} {when} +0800\ncommitter {_bare(author)} {when} +0800\n"
        data = b"data %d\n%s\n" % (len(message), message)
        change = b"M 100644 inline %s\ndata 5\n%04d\n\n" % (quoted(path), number)
        repo.fast_import(head.encode() + data + above.encode() + change)
    return repo


def _bare(author: str) -> str:
    """An author as fast-import takes it: angle brackets only around the address."""
    name, _, email = author.rpartition(" <")
    return f"{re.sub('[<>]', '', name)} <{email}"


def test_the_report_lists_everything_and_nothing_breaks_out(commitwire: Commitwire, hostile: GitRepo) -> None:
    commitwire.report(hostile.path)
    commitwire("render", commitwire.out / "daily" / "2026-02-11.json", "--lang", "en", "--out", commitwire.out)
    assert commitwire.event("2026-02-11")["coverage"]["commits"] == len(TITLES)
    for language in ("zh-CN", "en"):
        text = commitwire.markdown("2026-02-11", language)
        assert text.count("\n# ") + text.startswith("# ") == 1
        assert "](javascript:" not in text.replace("\\](", "")
        assert len(re.findall(r"(?m)^\| 2026-02-11 ", text)) == len(TITLES)
        assert r"{{ 7 \* 7 }} {% raw %}" in text


@pytest.mark.skipif(not CHECK.exists(), reason="the measure of reports stands beside the repository, not in it")
def test_the_measure_of_reports_finds_no_fault(commitwire: Commitwire, hostile: GitRepo, tmp_path: Path) -> None:
    commitwire.report(hostile.path)
    commitwire("render", commitwire.out / "daily" / "2026-02-11.json", "--lang", "en", "--out", commitwire.out)
    expected = tmp_path / "commits.json"
    expected.write_text(json.dumps({"date": "2026-02-11", "timezone": "UTC", "commits": list(_told_by_git(hostile))}))
    for language in ("zh-CN", "en"):
        file = commitwire.out / "daily" / f"2026-02-11.{language}.md"
        command = [sys.executable, str(CHECK), str(file), "--commits", str(expected)]
        measured = subprocess.run(command, capture_output=True, text=True, check=False)
        assert measured.returncode == 0, measured.stdout


def _told_by_git(repo: GitRepo) -> Iterator[dict[str, Any]]:
    """The commits as git itself shows them."""
    form = "%H%x00%cI%x00%an%x00%B%x01"
    for entry in repo.git("log", "--encoding=UTF-8", f"--format={form}", "main").split("\x01\n"):
        sha, committed_at, author, message = entry.rstrip("\x01").split("\0")
        title, *body = [line for line in message.split("\n") if line.strip()]
        yield {
            "repo": "acme/rocket",
            "sha": sha,
            "committed_at": datetime.fromisoformat(committed_at).astimezone(UTC).isoformat(),
            "author": _shown(author),
            "title": _shown(title),
            "body": [_shown(line) for line in body],
        }


def _shown(text: str) -> str:
    """The text with what stands in a report for characters that have no shape or turn the line around."""
    return re.sub("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "\ufffd", text)
