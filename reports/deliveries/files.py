"""Report files: `OUT/NAME/DATE.LANG.md` (and its parts) and `OUT/NAME/DATE.json`."""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from reports.renderers.file import File
from reports.renderers.json import render_json
from reports.renderers.markdown import render_markdown
from schemas.definition import Language
from schemas.errors import DiskFull, Misuse
from schemas.reports import ReportPublished

FORMATS = ("md", "json")
LEFT_SECONDS = 3600  # after which a half file has no writer any more: it was killed


def check_formats(formats: Sequence[str]) -> None:
    """Raises ValueError that names those which no report is written in."""
    unknown = [form for form in formats if form not in FORMATS]
    if unknown or not formats:
        raise ValueError(f"{', '.join(unknown) or 'nothing'} is no format; write {', '.join(FORMATS)} or both")


@dataclass(frozen=True)
class Written:
    """A report file that stands as it should; `changed` when it did not before."""

    path: Path
    digest: str
    changed: bool


@dataclass(frozen=True)
class ReportFiles:
    """Makes the files of a report be what the report says; a file that is right already is left alone.

    Others may write to the same directory at the same time: each file is wholly of one of them.
    """

    out: Path
    formats: Sequence[str] = FORMATS
    templates: Path | None = None

    def write(self, report: ReportPublished, language: Language | None = None) -> list[Written]:
        """All files of the report, Markdown first. Raises DiskFull or Misuse that names the file."""
        folder = self.out / report.definition.name
        files = self._render(report, language or report.definition.language)
        written = [_stand(folder / file.name, file.text.encode()) for file in files]
        self._drop_old_parts(folder, {file.name for file in files})
        _drop_left(folder, report.day.isoformat())
        return written

    def _render(self, report: ReportPublished, language: Language) -> list[File]:
        files: list[File] = []
        if "md" in self.formats:
            files += render_markdown(report, language=language, templates=self.templates)
        if "json" in self.formats:
            files.append(render_json(report))
        return files

    def _drop_old_parts(self, folder: Path, names: set[str]) -> None:
        """An earlier revision may have had more parts."""
        for name in names:
            if name.endswith(".md") and name.count(".") == 2:
                for part in folder.glob(f"{name.removesuffix('.md')}.[0-9]*.md"):
                    if part.name not in names:
                        part.unlink(missing_ok=True)


def _stand(path: Path, content: bytes) -> Written:
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    try:
        if _holds(path, content):
            return Written(path, digest, changed=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, content)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"no room to write {path}; make room and run the command again") from error
        raise Misuse(f"{path} cannot be written: {error.strerror}; choose another directory with --out") from error
    return Written(path, digest, changed=True)


def _holds(path: Path, content: bytes) -> bool:
    with suppress(FileNotFoundError):  # another may drop it as an old part
        return path.is_file() and path.read_bytes() == content
    return False


def _replace(path: Path, content: bytes) -> None:
    """A reader sees the old file or the new one. It need not survive a power cut: the next run puts it right."""
    half = path.with_name(f".{path.name}.{uuid4().hex}.half")
    try:
        half.write_bytes(content)
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def _drop_left(folder: Path, day: str) -> None:
    """What runs that were killed left of the files of a day."""
    for half in folder.glob(f".{day}.*.half"):
        with suppress(FileNotFoundError):
            if time.time() - half.stat().st_mtime > LEFT_SECONDS:
                half.unlink()
