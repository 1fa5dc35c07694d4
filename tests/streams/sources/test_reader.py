import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.commits import FILES_LIMIT, PATCH_LIMIT, Brought, CommitObserved
from schemas.errors import SourceFailed
from streams.sources.overflow import MemoryOverflow
from streams.sources.reader import read
from streams.sources.repository import Repository
from tests.gitrepo import Entry, Files, GitRepo, Rename, run

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def events(repo: GitRepo | Path, shas: list[str], overflow: MemoryOverflow | None = None) -> list[CommitObserved]:
    path = repo.path if isinstance(repo, GitRepo) else repo
    return list(read(Repository("local/r", path), shas, lambda: NOW, overflow or MemoryOverflow()))


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "r")


def test_a_commit_with_everything(repo: GitRepo) -> None:
    repo.commit("root", {"old.py": "a\nb\nc\nd\n", "bin": b"\0\1", "mode": "x\n", "gone": "1\n2\n", "link": "t\n"})
    files: Files = {
        "new.py": Rename("old.py"),
        "bin": b"\0\2",
        "mode": Entry("x\n", "100755"),
        "gone": None,
        "sub": Entry("1" * 40, "160000"),
        "link": Entry("target", "120000"),
        "tests/test_a.py": "+++ b\n--- a\n@@ -1 +1 @@\ndiff --git a/x b/x\n" + "0" * 40 + "\n",
    }
    sha = repo.commit("Do it", files, body="why\nCo-authored-by: Bo <bo@x>")
    event = events(repo, [sha])[0]
    assert (event.title, event.body, event.co_authors[0].name) == ("Do it", ("why",), "Bo")
    assert event.parents == (repo.git("rev-parse", f"{sha}^"),)
    found = {f.path: (f.status, f.old_path, f.additions, f.deletions, f.old_mode, f.new_mode) for f in event.files}
    assert found == {
        "new.py": ("R", "old.py", 0, 0, "100644", "100644"),
        "bin": ("M", None, None, None, "100644", "100644"),
        "mode": ("M", None, 0, 0, "100644", "100755"),
        "gone": ("D", None, 0, 2, "100644", "000000"),
        "sub": ("A", None, 1, 0, "000000", "160000"),
        "link": ("T", None, 1, 1, "100644", "120000"),
        "tests/test_a.py": ("A", None, 5, 0, "000000", "100644"),
    }
    assert (event.files_total, event.additions, event.deletions, event.detail) == (7, 7, 3, "patch")
    assert [file.path for file in event.files[:2]] == ["new.py", "tests/test_a.py"]
    assert len(event.patch.encode()) == event.patch_bytes
    assert event.patch.index("b/new.py") < event.patch.index("a/tests/test_a.py") < event.patch.index("b/sub")


def test_empty_commits_and_roots_keep_their_order(repo: GitRepo) -> None:
    shas = [repo.commit("root", {"a": "1\n"}), repo.commit("empty"), repo.commit("", {"a": "2\n"}), repo.commit("last")]
    wanted = [shas[2], shas[0], shas[3], shas[1], shas[2]]
    found = events(repo, wanted)
    assert [event.sha for event in found] == wanted
    assert [event.additions for event in found] == [1, 1, 0, 0, 1]
    assert (found[0].title, found[3].patch, found[3].files_total) == ("", "", 0)
    assert events(repo, []) == []


def test_the_users_configuration_changes_nothing(
    repo: GitRepo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repo.commit("one", {"ä": "a\n\nb\n", "x.bin": "text\n"})
    sha = repo.commit("two", {"ö": Rename("ä"), "x.bin": "other\n"})
    expected = events(repo, [sha])
    for key, value in {
        "diff.renames": "false",
        "core.quotePath": "false",
        "diff.noprefix": "true",
        "color.ui": "always",
        "diff.external": "false",
        "diff.suppressBlankEmpty": "true",
        "log.showSignature": "true",
    }.items():
        repo.git("config", key, value)
    attributes = tmp_path / "attributes"
    attributes.write_text("*.bin -diff\n")
    repo.git("config", "core.attributesFile", str(attributes))
    monkeypatch.setenv("GIT_DIFF_OPTS", "--unified=9")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert events(repo, [sha]) == expected
    assert {file.old_path for file in expected[0].files} == {"ä", None}


def test_merges_name_what_they_brought(repo: GitRepo) -> None:
    repo.commit("root")
    repo.branch("topic")
    repo.branch("other")
    topic = [repo.commit(f"t{n}", {f"t{n}": "x\n"}, branch="topic") for n in range(25)]
    other = repo.commit("o", {"o": "x\n"}, branch="other")
    repo.commit("main")
    merge = repo.merge("topic", "other", files={"evil": "1\n"})
    event = events(repo, [merge])[0]
    assert (event.files, event.files_total, event.additions, event.patch) == ((), 0, 0, "")
    assert event.brought_total == 26
    assert event.brought[:2] == (Brought(sha=other, title="o"), Brought(sha=topic[-1], title="t24"))
    assert len(event.brought) == 20


def test_large_commits_keep_what_matters_and_spill_the_others(repo: GitRepo) -> None:
    files: Files = {
        "z.py": "source\n",
        "lock/uv.lock": "l\n",
        **{f"docs/{n:04}.md": f"{n}\n" * 20 for n in range(5000)},
    }
    sha = repo.commit("import", files)
    overflow = MemoryOverflow()
    event = events(repo, [sha], overflow)[0]
    assert (event.files_total, event.additions, len(event.files)) == (5002, 100_002, FILES_LIMIT)
    assert event.files[0].path == "z.py"
    beyond = overflow.files["local/r", sha]
    assert sorted(beyond) == list(range(FILES_LIMIT, 5002))
    assert {f.path for f in (*event.files, *beyond.values())} == set(files)
    assert event.patch.startswith("diff --git a/z.py")
    assert PATCH_LIMIT * 0.9 < len(event.patch.encode()) <= PATCH_LIMIT
    spilled = "".join(text for _, text in overflow.pieces["local/r", sha].values())
    assert len(event.patch.encode()) + len(spilled.encode()) == event.patch_bytes
    assert "uv.lock" in spilled


MEASURE = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from streams.sources.reader import read
from streams.sources.repository import Repository
class Nowhere:
    def keep_files(self, *_): pass
    def keep_patch(self, *_): pass
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
repository = Repository("local/r", Path(sys.argv[1]))
ask = lambda sha: list(read(repository, [sha], lambda: datetime.now(UTC), Nowhere()))[0]
ask(sys.argv[2])
before = peak()
event = ask(sys.argv[3])
print(event.additions, event.patch_bytes, (peak() - before) // 1024)
"""


@pytest.mark.parametrize("long_lines", [False, True])
def test_a_huge_diff_is_read_in_bounded_memory(repo: GitRepo, long_lines: bool) -> None:
    row = b"x" * 79 + b"\n"
    small = repo.commit("small", {"a": "1\n"})
    data = b"y" * 30_000_000 + b"\n" if long_lines else row * 400_000
    huge = repo.commit("huge", {"huge.txt": data})
    measured = run(sys.executable, "-c", MEASURE, str(repo.path), small, huge).split()
    additions, size, grown = map(int, measured)
    assert additions == (1 if long_lines else 400_000)
    assert size > 30_000_000
    assert grown < 20  # MB


def test_the_boundary_of_a_shallow_clone_has_no_diff(repo: GitRepo, tmp_path: Path) -> None:
    shas = [repo.commit(f"c{n}", {"f": f"{n}\n"}) for n in range(4)]
    run("git", "clone", "-q", "--depth", "2", f"file://{repo.path}", str(tmp_path / "shallow"))
    newest, boundary = events(tmp_path / "shallow" / ".git", [shas[3], shas[2]])
    assert (newest.detail, newest.additions, newest.notes) == ("patch", 1, ())
    assert (boundary.detail, boundary.files, boundary.files_total, boundary.notes) == (
        "message",
        (),
        None,
        ("shallow-boundary",),
    )
    assert boundary.parents == (shas[1],)


def test_a_clone_without_contents_fetches_them_at_once(repo: GitRepo, tmp_path: Path) -> None:
    shas = [repo.commit(f"c{n}", {"f": f"{n}\n" * 50, f"g{n}": "x\n"}) for n in range(6)]
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = tmp_path / "partial.git"
    run("git", "clone", "-q", "--bare", "--filter=blob:none", f"file://{repo.path}", str(clone))
    packs = len(list((clone / "objects" / "pack").glob("*.pack")))
    assert events(clone, shas) == events(repo, shas)
    assert len(list((clone / "objects" / "pack").glob("*.pack"))) == packs + 1
    assert events(clone, shas) == events(repo, shas)
    assert len(list((clone / "objects" / "pack").glob("*.pack"))) == packs + 1


def test_a_damaged_repository_says_why_and_leaves_no_process(repo: GitRepo) -> None:
    repo.commit("one", {"f": "1\n"})
    sha = repo.commit("two", {"f": "2\n"})
    blob = repo.git("rev-parse", f"{sha}:f")
    repo.git("unpack-objects", "-q", stdin=_moved_pack(repo))
    (repo.path / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(SourceFailed, match=rf"^git failed: unable to read {blob}"):
        events(repo, [sha])
    assert _children() == ""


def test_a_reader_that_is_left_leaves_no_process(repo: GitRepo) -> None:
    shas = [repo.commit(f"c{n}", {"f": f"{n}\n" * 300_000}) for n in range(4)]
    found: Iterator[CommitObserved] = read(Repository("local/r", repo.path), shas, lambda: NOW, MemoryOverflow())
    next(found)
    assert _children() != ""
    found.close()  # type: ignore[attr-defined]
    assert _children() == ""


def _moved_pack(repo: GitRepo) -> bytes:
    """All objects of the repository, which has them no more."""
    names = repo.git("rev-list", "--all", "--objects", "--no-object-names").encode()
    command = ["git", "-C", str(repo.path), "pack-objects", "-q", "--stdout"]
    pack = subprocess.run(command, input=names, capture_output=True, check=True).stdout
    for path in (repo.path / "objects" / "pack").iterdir():
        path.unlink()
    return pack


def _children() -> str:
    found = subprocess.run(
        ["ps", "-o", "comm=", "--ppid", str(os.getpid())], capture_output=True, check=False, text=True
    )
    return "\n".join(name for name in found.stdout.split("\n") if "git" in name)


NAMES = st.sampled_from(
    [
        b"a.py",
        b"dir/b.c",
        b"t/\xff\xfe",
        b"tab\tnew\nline",
        b'q"\\',
        "größe 漢".encode(),
        b" lead",
        b"x.lock",
        b"-o",
        b"d/e/f",
    ]
)
LINES = st.lists(st.sampled_from([b"one", b"two", b"", b"+", b"-- ", b"@@ -1 +1 @@", b"\xff", b"a\rb"]), max_size=8)
CONTENTS = st.one_of(
    LINES.map(b"\n".join), LINES.map(lambda lines: b"\n".join(lines) + b"\n"), st.just(b"\0bin"), st.none()
)
ENTRIES = st.dictionaries(NAMES, st.tuples(CONTENTS, st.sampled_from(["100644", "100755"])), max_size=5)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(ENTRIES, st.integers(0, 10**9)), min_size=1, max_size=9))
def test_events_are_what_plain_git_says(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[dict[bytes, tuple[bytes | None, str]], int]]
) -> None:
    repo = GitRepo(tmp_path_factory.mktemp("r") / "r")
    shas: list[str] = []
    for entries, seed in plan:
        dice = random.Random(seed)
        count = dice.choice([0, 1, 1, 1, 1, 2, 2, 3]) if shas else 0
        parents = dice.sample(sorted(set(shas)), min(count, len(set(shas))))
        files: Files = {path: None if data is None else Entry(data, mode) for path, (data, mode) in entries.items()}
        shas.append(repo.commit(f"c{len(shas)}", files, parents=parents, when=repo.now + dice.randint(-500, 500)))
    for event in events(repo, shas):
        event.model_dump_json().encode()
        _check_merge(repo, event) if event.is_merge else _check_change(repo, event)


def _check_merge(repo: GitRepo, event: CommitObserved) -> None:
    brought = [sha for sha in repo.git("rev-list", event.sha, f"^{event.sha}^1").split("\n") if sha != event.sha]
    assert sorted(b.sha for b in event.brought) == sorted(brought)
    assert event.brought_total == len(brought)
    assert all(b.title == repo.git("log", "-1", "--format=%s", b.sha) for b in event.brought)


def _check_change(repo: GitRepo, event: CommitObserved) -> None:
    show = ["git", "-C", str(repo.path), "show", "--format=", "-M", "--no-abbrev", event.sha]
    changes = list(_changes(run(*show, "--raw", "-z")))
    assert sorted((f.status, f.old_path or "", f.path) for f in event.files) == sorted(c[:3] for c in changes)
    # git counts no lines of a binary file even when its content stays the same
    untouched = {path for _, _, path, same in changes if same}
    numbers = [(path, *(["0", "0"] if path in untouched else counts)) for path, *counts in _numbers(run(*show, *STAT))]
    assert sorted((f.path, str(f.additions), str(f.deletions)) for f in event.files) == sorted(numbers)
    assert _lines(event.patch) == _lines(run(*show, "-p").decode("utf-8", "replace"))


STAT = ("--numstat", "-z")


def _lines(patch: str) -> list[str]:
    return sorted(line for line in patch.split("\n") if not line.startswith("index "))


def _changes(output: bytes) -> Iterator[tuple[str, str, str, bool]]:
    rest = iter(output.decode("utf-8", "replace").split("\0"))
    for field in filter(None, rest):
        _, _, old, new, status = field.split(" ")
        path = next(rest)
        yield (status[0], path, next(rest), old == new) if status[0] == "R" else (status, "", path, old == new)


def _numbers(output: bytes) -> Iterator[tuple[str, str, str]]:
    rest = iter(output.decode("utf-8", "replace").split("\0"))
    for field in filter(None, rest):
        plus, minus, path = field.replace("-\t-\t", "None\tNone\t").split("\t", 2)
        if not path:
            next(rest)
            path = next(rest)
        yield path, plus, minus
