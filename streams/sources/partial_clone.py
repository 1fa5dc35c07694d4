"""Clones without file contents: what a block of commits needs is fetched at once, not one file at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from streams.sources.git import Git, ask, network_environment


class PartialClone:
    """Does nothing for a repository that is whole."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._remote = _promisor(git)

    def fetch_blobs(self, shas: Sequence[str]) -> None:
        """Fetch what the diffs of these commits read and is not here. If it fails, git fetches each one when read."""
        if self._remote is None or not shas:
            return
        missing = self._missing(self._blobs(shas))
        if missing:
            # as git itself asks for what it promised to have
            options = ("-c", "fetch.negotiationAlgorithm=noop", "fetch", self._remote, "--no-tags", "--quiet")
            more = ("--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--stdin")
            ask([*self._git.command, *options, *more], network_environment(), _rows(missing))

    def _blobs(self, shas: Sequence[str]) -> set[str]:
        arguments = ("diff-tree", "--stdin", "-r", "--root", "--raw", "--no-abbrev", "--no-renames")
        blobs: set[str] = set()
        with self._git.stream(*arguments, stdin=_rows(shas)) as running:
            for row in running.stdout:
                if row.startswith(b":"):
                    old_mode, new_mode, old, new = row[1:].split(b" ", 4)[:4]
                    blobs.update(blob.decode() for mode, blob in ((old_mode, old), (new_mode, new)) if _is_blob(mode))
        return blobs

    def _missing(self, blobs: set[str]) -> set[str]:
        arguments = ("rev-list", "--objects", "--no-walk", "--missing=allow-any", "--ignore-missing", "--stdin")
        here = self._git.say(*arguments, stdin=_rows(blobs)) if blobs else b""
        return blobs - {row.split(" ")[0] for row in here.decode("utf-8", "replace").split("\n")}


def _promisor(git: Git) -> str | None:
    found = git.ask("config", "--get-regexp", r"^remote\..*\.promisor$").line.split("\n")[0]
    key = found.rpartition(" ")[0]
    return key.removeprefix("remote.").removesuffix(".promisor") or None


def _is_blob(mode: bytes) -> bool:
    return mode not in (b"000000", b"160000")


def _rows(ids: Iterable[str]) -> bytes:
    return "".join(f"{one}\n" for one in sorted(ids)).encode()
