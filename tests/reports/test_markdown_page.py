"""A rendered page as a reader's program sees it, and that its faults are found."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from markdown_it.token import Token

from reports.renderers.escape import GUARD
from tests.reports.test_escape import Lenient

PARSER = Lenient("commonmark", {"html": True}).enable(["table", "strikethrough"])
HTML = re.compile(r'<a id="[a-z0-9-]+">|</a>|<br>|<sub>|</sub>')
BLOCKS = {"heading", "paragraph", "bullet_list", "list_item", "blockquote", "table", "thead", "tbody", "tr", "th", "td"}
INLINES = {"text", "softbreak", "html_inline", "code_inline", "link_open", "link_close", "strong_open", "strong_close"}


@dataclass
class Page:
    """What is on a page. Texts are without invisible guards, inline code without its backticks."""

    markdown: str
    headings: list[tuple[int, str]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        tokens = PARSER.parse(self.markdown)
        for token, following in zip(tokens, [*tokens[1:], None], strict=True):
            self._block(token, following)
        self._check()

    def titles(self) -> list[str]:
        """The headings of commits."""
        return [text for level, text in self.headings if level == 4]

    def text(self) -> str:
        """Everything that is read, in one line."""
        inlines = [token.children or [] for token in PARSER.parse(self.markdown) if token.type == "inline"]
        return " ".join(_text(children) for children in inlines)

    def _block(self, token: Token, following: Token | None) -> None:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if token.type == "inline":
            self._inline(token.children or [])
        elif name not in BLOCKS and token.type != "hr":
            self.faults.append(f"a {token.type}")
        if token.type == "heading_open" and following is not None:
            if token.level or not token.markup.startswith("#"):
                self.faults.append(f"a heading of another kind: {following.content}")
            self.headings.append((int(token.tag[1]), _text(following.children or [])))
        if token.type == "tr_open":
            self.rows.append([])
        if token.type == "td_open" and following is not None:
            self.rows[-1].append(_text(following.children or []))

    def _inline(self, children: list[Token]) -> None:
        for at, token in enumerate(children):
            if token.type == "html_inline" and not HTML.fullmatch(token.content):
                self.faults.append(f"foreign HTML: {token.content}")
            if token.type == "html_inline" and token.content.startswith("<a id"):
                self.anchors.append(token.content.split('"')[1])
            if token.type not in INLINES and token.type not in ("em_open", "em_close"):
                self.faults.append(f"a {token.type}: {token.content}")
            if token.type == "link_open":
                end = next(i for i in range(at, len(children)) if children[i].type == "link_close")
                self.links.append((str(token.attrGet("href")), _text(children[at + 1 : end])))

    def _check(self) -> None:
        levels = [level for level, _ in self.headings]
        if levels[:1] != [1] or levels.count(1) != 1:
            self.faults.append("not one title")
        self.faults += [f"level {a} to {b}" for a, b in pairwise(levels) if b > a + 1]
        self.faults += [f"#{name} stands {n} times" for name, n in Counter(self.anchors).items() if n > 1]
        self.faults += [f"{href} leads nowhere" for href, _ in self.links if not self._leads(href)]
        self.rows = [row for row in self.rows if row]
        if {len(row) for row in self.rows} - {3}:
            self.faults.append("a row without three cells")
        if len(self.rows) != len(self.titles()):
            self.faults.append(f"{len(self.rows)} rows, {len(self.titles())} sections")

    def _leads(self, href: str) -> bool:
        if href.startswith("#"):
            return href[1:] in self.anchors
        return bool(re.match(r"https://[a-z]+\.[a-z]+/", href) or re.fullmatch(r"[\w.-]+\.md(#[a-z0-9-]+)?", href))


def _text(children: list[Token]) -> str:
    shown = ("text", "code_inline")
    pieces = [token.content if token.type in shown else "\n" * (token.content == "<br>") for token in children]
    return "".join(pieces).replace(GUARD, "")


@pytest.mark.parametrize(
    "markdown",
    [
        "no title",
        "# a\n\n### b",
        "# a\n\nb\n--",
        "# a\n\n- # b",
        "# a\n\n[b](#c)",
        "# a\n\n[b](javascript:alert(1))",
        "# a\n\n![b](https://h.example/x.png)",
        "# a\n\n<b>",
        "# a\n\n<div>",
        '# a\n\n<a id="b"></a><a id="b"></a>',
        "# a\n\n    code",
        "# a\n\n~~b~~",
        "# a\n\n1. b",
        "# a\n\n#### b",
    ],
)
def test_faults_are_found(markdown: str) -> None:
    assert Page(markdown).faults


def test_a_good_page_has_none() -> None:
    page = Page('# a\n\n<a id="b"></a>\n\n## c `d`\n\n[e](#b) [f](https://h.example/g) [h](x.md#y)\n')
    assert (page.faults, page.headings) == ([], [(1, "a"), (2, "c d")])
