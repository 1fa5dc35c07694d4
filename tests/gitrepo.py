"""Real git repositories for tests, written through `git fast-import` and, for what it refuses, as raw objects."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

AUTHOR = "Ada Lovelace <ada@example.org>"
START = 1_700_000_000  # 2023-11-14 22:13:20 UTC
_ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Lovelace",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


@dataclass(frozen=True)
class Entry:
    """A file with a mode: 100755, 120000 (link), or 160000 (submodule, `data` is a sha)."""

    data: bytes | str
    mode: str = "100644"


@dataclass(frozen=True)
class Rename:
    """The file that was at `source` before."""

    source: str | bytes


Files = Mapping[str | bytes, "str | bytes | Entry | Rename | None"]  # None deletes


class GitRepo:
    """A repository at `path` (bare unless `work_tree`), on branch main. Dates are epoch seconds or datetimes."""

    def __init__(self, path: Path, *, work_tree: bool = False, object_format: str = "sha1") -> None:
        self.path = path
        self.now = START
        path.mkdir(parents=True, exist_ok=True)
        options = [] if work_tree else ["--bare"]
        run("git", "init", "-q", "-b", "main", f"--object-format={object_format}", *options, str(path))
        self.git("config", "fastimport.unpackLimit", "0")

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run any git command in the repository; its output without the last newline."""
        return run("git", "-C", str(self.path), *arguments, stdin=stdin).decode("utf-8", "surrogateescape").rstrip("\n")

    def commit(
        self,
        title: str | bytes = "Change",
        files: Files | None = None,
        *,
        body: str = "",
        when: int | datetime | None = None,
        author: str = AUTHOR,
        authored: int | datetime | None = None,
        parents: Sequence[str] | None = None,
        branch: str = "main",
    ) -> str:
        """A commit on `branch`, on its tip unless `parents` says otherwise ([]: a root). Without `when` time goes on.

        Returns its sha.
        """
        self.now += 60
        committed = _epoch(self.now if when is None else when)
        message = (title.encode() if isinstance(title, str) else title) + (f"\n\n{body}\n".encode() if body else b"\n")
        known = self.tip(branch)
        above = parents if parents is not None else [known] if known else []
        lines = [
            b"commit refs/heads/%s\nmark :1\n" % branch.encode(),
            f"author {author} {committed if authored is None else _epoch(authored)} +0000\n".encode(),
            f"committer {author} {committed} +0000\n".encode(),
            b"data %d\n%s\n" % (len(message), message),
            *(f"{'merge' if place else 'from'} {sha}\n".encode() for place, sha in enumerate(above)),
            *(_change(path, entry) for path, entry in (files or {}).items()),
            b"get-mark :1\n",
        ]
        # without a parent the branch begins anew
        start = b"" if above or not known else b"reset refs/heads/%s\n" % branch.encode()
        return self.fast_import(start + b"".join(lines)).split(b"\n")[0].decode()

    def merge(
        self,
        *others: str,
        title: str = "Merge",
        into: str = "main",
        files: Files | None = None,
        when: int | datetime | None = None,
    ) -> str:
        """A merge of `others` (branches or shas) into a branch. Returns its sha."""
        shas = [self.git("rev-parse", other) for other in (into, *others)]
        return self.commit(title, files, when=when, parents=shas, branch=into)

    def branch(self, name: str, at: str = "main") -> None:
        """A branch at a commit."""
        self.git("update-ref", f"refs/heads/{name}", self.git("rev-parse", at))

    def tip(self, branch: str = "main") -> str | None:
        """The branch's commit."""
        found = subprocess.run(
            ["git", "-C", str(self.path), "rev-parse", "-q", "--verify", f"refs/heads/{branch}"],
            capture_output=True,
            check=False,
            env=_ENVIRONMENT,
        )
        return found.stdout.decode().strip() or None

    def fast_import(self, stream: bytes) -> bytes:
        """Whatever fast-import understands; returns what it printed (get-mark, cat-blob, ls)."""
        return run(
            "git",
            "-C",
            str(self.path),
            "fast-import",
            "--quiet",
            "--force",
            "--done",
            "--date-format=raw-permissive",
            "--cat-blob-fd=1",
            stdin=stream + b"done\n",
        )

    def raw_commit(self, data: bytes, branch: str | None = None) -> str:
        """A commit object of exactly these bytes, however odd; `{tree}` stands for an empty tree."""
        tree = self.git("hash-object", "-t", "tree", "-w", "--stdin")
        data = data.replace(b"{tree}", tree.encode())
        sha = self.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=data)
        if branch is not None:
            self.git("update-ref", f"refs/heads/{branch}", sha)
        return sha


def run(*command: str, stdin: bytes = b"") -> bytes:
    """The output of a command that must succeed, with no configuration but the repository's."""
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, env=_ENVIRONMENT)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout


def quoted(path: str | bytes) -> bytes:
    """A path as fast-import reads it."""
    data = path.encode() if isinstance(path, str) else path
    return b'"' + b"".join(bytes([c]) if 32 <= c < 127 and c not in b'"\\' else b"\\%03o" % c for c in data) + b'"'


def _change(path: str | bytes, entry: str | bytes | Entry | Rename | None) -> bytes:
    if entry is None:
        return b"D %s\n" % quoted(path)
    if isinstance(entry, Rename):
        return b"R %s %s\n" % (quoted(entry.source), quoted(path))
    entry = entry if isinstance(entry, Entry) else Entry(entry)
    data = entry.data.encode() if isinstance(entry.data, str) else entry.data
    if entry.mode == "160000":
        return b"M 160000 %s %s\n" % (data, quoted(path))
    return b"M %s inline %s\ndata %d\n%s\n" % (entry.mode.encode(), quoted(path), len(data), data)


def _epoch(when: int | datetime) -> int:
    return when if isinstance(when, int) else int(when.timestamp())
