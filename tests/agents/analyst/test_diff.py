"""What of a diff is shown: the weightiest first, within the room, nothing twice, and what is left out is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.analyzers.llm.diff import Room, Shown, collect, listed, sections, show, without_context
from agents.analyzers.llm.fence import fenced, line, mark_of, visible
from agents.llm.tokens import cut, estimate
from schemas.commits import CommitObserved, FileChange
from tests.agents.commits import change, commit

PATHS = ["package-lock.json", "docs/guide.md", "tests/test_cache.py", "src/cache.py", "setup.cfg", "src/store.py"]


def section(path: str, hunks: int = 1, lines: int = 3) -> str:
    """A file's patch; every added line is its own."""
    head = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"
    bodies = (
        f"@@ -{n * 100} +{n * 100} @@\n context of {path}\n" + "".join(f"+{path} {n} {i} end\n" for i in range(lines))
        for n in range(1, hunks + 1)
    )
    return head + "".join(bodies)


def _seen(paths: list[str], patch: str, total: int | None = None) -> CommitObserved:
    files = [change(path, 3, 0) for path in paths]
    known = {"detail": "patch", "patch": patch, "patch_bytes": 10**9, "files_total": total or len(files)}
    return commit("Change", *files, **known)


def _shown(
    seen: CommitObserved, room: Room, pieces: Callable[[], AsyncIterator[tuple[str, str]]] | None = None
) -> Shown:
    return show(seen, asyncio.run(collect(seen, pieces, room)), room)


def test_what_matters_most_comes_first() -> None:
    (part,) = _shown(_seen(PATHS, "".join(map(section, PATHS))), Room(10_000, 1)).parts
    order = [path for path, _ in sections(part)]
    assert order[:3] == ["src/cache.py", "src/store.py", "tests/test_cache.py"]
    assert order[-1] == "package-lock.json"


def test_context_goes_before_any_hunk() -> None:
    text = section("src/a.py", 30)
    bare = without_context(text)
    shown = _shown(_seen(["src/a.py"], text), Room(estimate(bare) + 40, 1))
    assert "context of" not in shown.parts[0]
    assert shown.left_out == ()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 60)), min_size=1, max_size=8),
    st.integers(400, 3000),
    st.integers(1, 4),
)
def test_room_is_kept_and_nothing_is_shown_twice(sizes: list[tuple[int, int]], tokens: int, parts: int) -> None:
    paths = [f"src/file_{n}.py" for n in range(len(sizes))]
    patch = "".join(section(path, *size) for path, size in zip(paths, sizes, strict=True))
    shown = _shown(_seen(paths, patch), Room(tokens, parts))
    assert len(shown.parts) <= parts
    assert all(estimate(part) <= tokens * 1.1 + 30 for part in shown.parts)
    added = [text for part in shown.parts for text in part.split("\n") if text.endswith(" end")]
    assert len(added) == len(set(added))
    whole = {text for text in patch.split("\n") if text.endswith(" end")}
    missing = {text.split(" ")[0][1:] for text in whole - set(added)}
    assert missing <= set(shown.left_out)
    assert shown.left_out_total == len(shown.left_out)


def test_what_overflowed_is_read_and_weighed() -> None:
    async def pieces() -> AsyncIterator[tuple[str, str]]:
        for n in range(3_000):
            yield f"gen/file_{n}.lock", section(f"gen/file_{n}.lock")
        yield "src/late.py", section("src/late.py")

    paths = ["docs/a.md", "src/late.py"]
    shown = _shown(_seen(paths, section("docs/a.md"), 3_002), Room(2_000, 2), pieces)
    assert "src/late.py 1 0 end" in shown.parts[0]
    assert sum(map(estimate, shown.parts)) < 4_500
    assert 2_800 < shown.left_out_total <= 3_000


def test_twenty_megabytes_stay_within_room() -> None:
    async def pieces() -> AsyncIterator[tuple[str, str]]:
        text = "".join(f"+value_{n} = {n}\n" for n in range(4_000))
        for _ in range(20 * 2**20 // len(text)):
            yield "src/big.py", text

    shown = _shown(_seen(["src/big.py"], section("src/big.py")), Room(2_000, 3), pieces)
    assert len(shown.parts) == 3
    assert all(estimate(part) <= 2_100 for part in shown.parts)
    assert shown.left_out == ("src/big.py",)


def test_long_lines_are_cut() -> None:
    shown = _shown(_seen(["a.js"], section("a.js") + "+" + "x" * 10**6 + "\n"), Room(1_000, 1))
    assert "[line cut]" in shown.parts[0]


@pytest.mark.parametrize(
    ("header", "path"),
    [
        ("diff --git a/x b/x\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n", "x"),
        ("diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", "x"),
        ("diff --git a/x b/y z\nsimilarity index 100%\nrename from x\nrename to y z\n", "y z"),
        ('diff --git "a/\\345\\220\\215.py" "b/\\345\\220\\215.py"\nold mode 1\nnew mode 2\n', "名.py"),
        ('diff --git "a/q\\"t" "b/q\\"t"\n--- "a/q\\"t"\n+++ "b/q\\"t"\n@@ -1 +1 @@\n+++ b/other\n', 'q"t'),
        ("diff --git a/i.png b/i.png\nBinary files a/i.png and b/i.png differ\n", "i.png"),
    ],
)
def test_paths_are_read_from_headers(header: str, path: str) -> None:
    assert [found for found, _ in sections(header)] == [path]


def test_files_are_listed_with_what_can_be_said_of_them() -> None:
    files = (
        change("b.png", None, None, "A"),
        FileChange(path="src/new.py", old_path="src/old.py", status="R", additions=0, deletions=0),
        change("run.sh", 0, 0, old_mode="100644", new_mode="100755"),
        change("lib", 1, 1, old_mode="160000", new_mode="160000"),
    )
    assert listed(files, 9, 1_000).split("\n") == [
        "R src/old.py -> src/new.py +0 -0",
        "M run.sh (mode 100644 -> 100755)",
        "M lib (submodule)",
        "A b.png (binary)",
        "(+5 more files)",
    ]
    assert listed(files, 9, 1) == "(+9 more files)"


@given(st.text(max_size=400), st.integers(1, 100))
def test_cutting_keeps_a_beginning_within_its_tokens(text: str, tokens: int) -> None:
    piece = cut(text, tokens)
    assert text.startswith(piece)
    assert estimate(piece) <= tokens


@given(st.lists(st.text(alphabet="0123456789abcdef<>\n", max_size=40), max_size=5))
def test_data_cannot_close_its_fence(texts: list[str]) -> None:
    mark = mark_of(*texts)
    assert all(mark not in text for text in texts)
    assert all(fenced("DIFF", text, mark).count(mark) == 2 for text in texts)


@given(st.text(max_size=100), st.integers(1, 50))
def test_nothing_unseen_is_sent(text: str, limit: int) -> None:
    assert not any(c in visible(text + "\u202e\x1b\x00") for c in "\u202e\x1b\x00")
    flat = line(text + "\n\u2066x", limit)
    assert len(flat) <= limit
    assert len(flat.splitlines()) <= 1
