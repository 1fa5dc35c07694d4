"""Titles, bodies, authors and paths that attack the report: it shows them and stays what it is."""

from __future__ import annotations

import re

import pytest

from tests.checker import faults
from tests.cli.scene import utc, with_origin
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo, quoted

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


def test_the_measure_of_reports_finds_no_fault(commitwire: Commitwire, hostile: GitRepo) -> None:
    commitwire.report(hostile.path)
    commitwire("render", commitwire.out / "daily" / "2026-02-11.json", "--lang", "en", "--out", commitwire.out)
    for language in ("zh-CN", "en"):
        assert faults(commitwire, hostile, "2026-02-11", language, shown=_shown) == []


def _shown(text: str) -> str:
    """The text with what stands in a report for characters that have no shape or turn the line around."""
    return re.sub("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "\ufffd", text)
