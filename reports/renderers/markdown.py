"""A report as Markdown: one page, or several when it is large."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.catalogue import catalogue
from reports.renderers.changes import Href, changed_entries, late_entries
from reports.renderers.commit import CommitWriter, Piece
from reports.renderers.coverage import coverage_lines, opening_line
from reports.renderers.escape import code, escape
from reports.renderers.file import File
from reports.renderers.outline import Group, Outline
from reports.renderers.parts import Places, folds, split
from reports.renderers.repository import note, notices
from reports.renderers.templates import Templates, templates_in
from schemas.definition import Language
from schemas.repo import display
from schemas.reports import ReportPublished
from schemas.scores import TIERS, Tier

LIMIT = 1_000_000  # bytes; hosts show much larger files as source only
FRAME = 4_000  # bytes of a further page that are no commits: title, headings, footer


def render_markdown(
    report: ReportPublished, *, language: Language | None = None, templates: Path | None = None, limit: int = LIMIT
) -> list[File]:
    """`DATE.LANGUAGE.md`, and where that would pass `limit` bytes also `DATE.LANGUAGE.2.md` and so on.

    `language` is the definition's unless said. `templates` is a directory whose `*.md.j2` replace the shipped ones of
    the same names; Misuse says which line of them is faulty.
    """
    book = Book(report, language or report.definition.language, templates_in(templates))
    budget, steps = max(1, limit - FRAME), folds(book.pieces)
    for folded in steps:
        files = book.files(split(book.pieces, folded, budget))
        room = limit - len(files[0].text.encode())
        if room >= 0:
            break
    if folded == steps[-1] and (folded or room < 0):  # no commits are left on the first page: what else can it hold?
        return book.files(split(book.pieces, folded, budget, room - FRAME), brief=room < 0)
    return files


class Book:
    """A report whose commits are rendered; `files` lays them out on pages."""

    def __init__(self, report: ReportPublished, language: Language, templates: Templates) -> None:
        self._report = report
        self._words = catalogue(language)
        self._templates = templates
        self._outline = Outline(report)
        self._writer = CommitWriter(self._words, templates, report, self._outline)
        self.pieces = [self._writer.piece(commit) for group in self._outline.groups for commit in group.commits]

    def files(self, parts: Sequence[Sequence[Piece]], brief: bool = False) -> list[File]:
        """One file per part; the first has what concerns the whole day.

        `brief` leaves repositories without commits a line in the contents, and no section.
        """
        stem = f"{self._report.day.isoformat()}.{self._words.language}"
        names = tuple(f"{stem}.md" if number == 1 else f"{stem}.{number}.md" for number in range(1, len(parts) + 1))
        places = Places(names, {piece.anchor: number for number, part in enumerate(parts, 1) for piece in part})
        further = [self._further(number, part, places) for number, part in enumerate(parts[1:], 2)]
        texts = [self._first(parts[0], places, brief), *further]
        return [File(name, text) for name, text in zip(names, texts, strict=True)]

    def _first(self, pieces: Sequence[Piece], places: Places, brief: bool) -> str:
        of_repo = _by_repo(pieces)
        coverage = coverage_lines(self._report, self._words)
        if len(places.names) > 1:
            counts = places.counts(places.parts)
            counts.pop(1, None)
            coverage.append("📄 " + self._words.say("folded", where=self._where(counts, places)))
        return self._page(
            coverage=coverage,
            opening=opening_line(self._report.opening, self._words),
            repositories=[
                self._day(group, of_repo.get(group.repo, {}), places, brief) for group in self._outline.groups
            ],
            late=self._late(),
            changes=changed_entries(self._report.changes, self._words, self._writer, self._href(places)),
        )

    def _further(self, number: int, pieces: Sequence[Piece], places: Places) -> str:
        of_repo = _by_repo(pieces)
        first = f"[{self._words.say('part_name', part=1)}]({places.name(1)})"
        return self._page(
            coverage=[self._words.say("part_of", part=number, parts=len(places.names), first=first)],
            opening="",
            repositories=[
                self._rest(group, of_repo[group.repo], number, places)
                for group in self._outline.groups
                if group.repo in of_repo
            ],
            late=None,
            changes=[],
        )

    def _page(self, **values: Any) -> str:
        report, words = self._report, self._words
        name, digest = escape(report.definition.name), code(report.digest[:12])
        text = self._templates.render(
            "report.md.j2",
            words=words.labels,
            punctuation=words.punctuation,
            title=words.say("title", day=report.day.isoformat()),
            footer=words.say("footer", definition=name, revision=report.revision, digest=digest),
            **values,
        )
        return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"

    def _day(self, group: Group, pieces: Mapping[Tier, list[Piece]], places: Places, brief: bool) -> dict[str, Any]:
        """A repository on the first page: its whole day, folded tiers with a note of where they are."""
        stats = group.stats.model_dump()
        shown = [tier for tier in TIERS if group.commits and stats[tier]]
        tiers = [self._tier(group, tier, pieces.get(tier, []), 1, places) for tier in shown]
        return self._repository(group, pieces, tiers) | {
            "has_section": bool(group.commits or group.missing or not brief),
            "note": note(group, self._words, self._report.complete),
            "notices": notices(group, self._words, self._report.complete),
            "statistics": self._words.say("statistics", **stats) if group.commits or group.missing else "",
        }

    def _rest(self, group: Group, pieces: Mapping[Tier, list[Piece]], number: int, places: Places) -> dict[str, Any]:
        """A repository on a further page: the commits that have their place there."""
        tiers = [self._tier(group, tier, pieces[tier], number, places) for tier in TIERS if tier in pieces]
        said = self._words.say("repository", n=sum(len(of_tier) for of_tier in pieces.values()))
        return self._repository(group, pieces, tiers) | {
            "has_section": True,
            "note": said,
            "notices": [],
            "statistics": "",
        }

    def _repository(
        self, group: Group, pieces: Mapping[Tier, list[Piece]], tiers: list[dict[str, Any]]
    ) -> dict[str, Any]:
        rows = {piece.anchor: piece.row for of_tier in pieces.values() for piece in of_tier}
        return {
            "name": escape(display(group.repo)),
            "anchor": group.anchor,
            "rows": [rows[anchor] for anchor in self._anchors(group) if anchor in rows],
            "statistics_anchor": group.inner["statistics"],
            "tiers": tiers,
        }

    def _tier(self, group: Group, tier: Tier, pieces: Sequence[Piece], part: int, places: Places) -> dict[str, Any]:
        """A tier as far as it stands in this part; the first part names them all, and where the others are."""
        counts = places.counts(self._anchors(group, tier))
        elsewhere = {number: n for number, n in counts.items() if part == 1 and number != 1}
        where = self._where(elsewhere, places, "#" + group.inner[tier])
        return {
            "anchor": group.inner[tier],
            "heading": self._words.tier_heading(tier, sum(counts.values()) if part == 1 else len(pieces)),
            "note": self._words.say("folded_tier", where=where) if elsewhere else "",
            "entries": [piece.entry for piece in pieces],
            "sections": [_placed(piece, part, places) for piece in pieces],
        }

    def _anchors(self, group: Group, tier: Tier | None = None) -> list[str]:
        """Those of the repository's commits, newest first; of one tier, or of all."""
        commits = (commit for commit in group.commits if tier in (None, commit.tier))
        return [self._outline.anchors[group.repo, commit.sha] for commit in commits]

    def _where(self, counts: Mapping[int, int], places: Places, fragment: str = "") -> str:
        """Links to parts, each with the number of commits that it holds."""
        said = []
        for part, n in counts.items():
            link = f"[{self._words.say('part_name', part=part)}]({places.name(part)}{fragment})"
            said.append(self._words.say("folded_where", link=link, n=n))
        return self._words.listed(said, limit=len(said))

    def _late(self) -> dict[str, Any] | None:
        total = max(self._report.late_total, len(self._report.late))
        if not total:
            return None
        entries = late_entries(self._report, self._words, self._writer)
        return {"text": self._words.say("late", n=total), "entries": entries}

    def _href(self, places: Places) -> Href:
        def href(repo: str, sha: str) -> str:
            anchor = self._outline.anchors.get((repo, sha))
            return places.href(anchor, 1) if anchor else ""

        return href


def _placed(piece: Piece, number: int, places: Places) -> str:
    """The section on its page: its links lead to the pages of the commits that they mean."""
    section = piece.section
    for anchor in piece.links:
        section = section.replace(f"](#{anchor})", f"]({places.href(anchor, number)})")
    return section


def _by_repo(pieces: Sequence[Piece]) -> dict[str, dict[Tier, list[Piece]]]:
    by_repo: dict[str, dict[Tier, list[Piece]]] = {}
    for piece in pieces:
        by_repo.setdefault(piece.repo, {}).setdefault(piece.tier, []).append(piece)
    return by_repo
