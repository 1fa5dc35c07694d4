"""A commit as Markdown: its row, its entry in the contents, its section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from reports.catalogue import Catalogue
from reports.renderers.effort import effort_line
from reports.renderers.escape import GUARD, Markdown, address, code, cut, escape, prose
from reports.renderers.outline import Outline
from reports.renderers.templates import Templates
from schemas.analyses import DIMENSIONS, Insights
from schemas.phrase import Code, Phrase
from schemas.repo import commit_url, pull_request_url
from schemas.reports import ReportedCommit, ReportPublished
from schemas.scores import Part, Tier

MARKS = {"high": "🔴", "medium": "🟡", "low": "🟢"}
ENTRY_COLUMNS = 60
SHORT = 7  # digits of a sha that people see


@dataclass(frozen=True, slots=True)
class Piece:
    """A commit, rendered: wherever it is placed, its text is the same but for links to commits on other pages.

    `links` are the anchors of the commits that the section links to.
    """

    repo: str
    tier: Tier
    anchor: str
    row: str
    entry: str
    section: str
    links: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes; with room for the names of other pages in its links."""
        return sum(len(text.encode()) + 8 for text in (self.row, self.entry, self.section)) + 40 * len(self.links)


class CommitWriter:
    """Renders the commits of one report in one language."""

    def __init__(self, words: Catalogue, templates: Templates, report: ReportPublished, outline: Outline) -> None:
        self._words = words
        self._templates = templates
        self._zone = ZoneInfo(report.definition.zone)
        self._anchors = outline.anchors
        self._titles = {(c.repo, c.sha): c.title for group in outline.groups for c in group.commits}
        self._name_analyzer = len(report.coverage.by_analyzer) > 1

    def piece(self, commit: ReportedCommit) -> Piece:
        anchor = self._anchors[commit.repo, commit.sha]
        labels, punctuation = self._words.labels, self._words.punctuation
        view = self.view(commit)
        section = self._templates.render(f"{commit.tier}.md.j2", words=labels, punctuation=punctuation, commit=view)
        others = [(commit.repo, sha) for sha in (commit.reverts, commit.reverted_by) if sha]
        links = tuple(self._anchors[key] for key in others if key in self._anchors)
        return Piece(commit.repo, commit.tier, anchor, self._row(commit), self._entry(commit), section.strip(), links)

    def view(self, commit: ReportedCommit) -> dict[str, Any]:
        """What the templates of a commit may use."""
        analysis = commit.analysis
        summary, by_model = self._sentences(analysis.summary), commit.depth != "static"
        sentence = self._words.punctuation["sentence"]
        return {
            "anchor": self._anchors[commit.repo, commit.sha],
            "title": self._prose(commit.repo, commit.title) or GUARD,
            "untitled": not commit.title.strip(),
            "sha": code(commit.sha[:SHORT]),
            "url": commit_address(commit.repo, commit.sha),
            "about": self._about(commit),
            "notices": self._notices(commit),
            "types": self._words.listed(self._words.change_types[kind] for kind in analysis.change_types)
            or self._words.change_types["other"],
            "importance": self._importance(commit.tier, commit.points, commit.parts),
            "opinion": self._opinion(commit),
            "summary": sentence.join(summary),
            "brief": sentence.join(summary[:1]),
            "scope": self._phrases(analysis.scope),
            "scope_line": self._scope_line(analysis.scope),
            "insights": self._insights(analysis.insights, brief=by_model and commit.tier == "medium"),
            "risks": self._sentences(analysis.risks),
            "no_risks": all(phrase.code == Code.RISK_NOTHING for phrase in analysis.risks),
            "suggestions": self._sentences(analysis.suggestions),
            "by_model": by_model,
        }

    def _row(self, commit: ReportedCommit) -> str:
        title = self._prose(commit.repo, commit.title) or f"<br>{self._words.labels['untitled']}"
        body = [line for line in (self._prose(commit.repo, raw) for raw in commit.body) if line]
        return f"| {self.time(commit.committed_at)} | {escape(commit.author)} | {'<br>'.join([title, *body])} |"

    def _entry(self, commit: ReportedCommit) -> str:
        return f"[{self.label(commit.title)}](#{self._anchors[commit.repo, commit.sha]})"

    def label(self, title: str) -> str:
        """A title as the label of a link."""
        return prose(cut(title, ENTRY_COLUMNS)) or self._words.labels["untitled"]

    def time(self, instant: datetime) -> str:
        return instant.astimezone(self._zone).isoformat(sep=" ")[:19]

    def _about(self, commit: ReportedCommit) -> str:
        """Time, people, size."""
        names = [escape(person.name or person.email) for person in commit.co_authors]
        parts = [
            f"🕒 {self.time(commit.committed_at)}",
            f"👤 {escape(commit.author)}" if commit.author.strip() else "",
            f"👥 {self._words.say('co_authors', names=self._words.listed(names))}" if names else "",
            f"📏 {self._size(commit)}",
            self._words.say("merge") if commit.is_merge else "",
            self._by(commit),
        ]
        return " · ".join(part for part in parts if part)

    def _by(self, commit: ReportedCommit) -> str:
        """By whom it was analyzed, where that is not the same for all; a model's depth is always said."""
        model, by_model = commit.effort.model if commit.effort else "", commit.depth != "static"
        if not self._name_analyzer and not by_model:
            return ""
        name = f"{commit.analyzer} ({model})" if model and by_model else commit.analyzer
        depth = self._words.words["depths"][commit.depth] if by_model else ""
        return self._words.say("by", analyzer=escape(name), depth=depth)

    def _size(self, commit: ReportedCommit) -> str:
        if commit.files is None:
            return self._words.say("size_unknown")
        if commit.additions is None or commit.deletions is None or commit.is_merge:
            return self._words.say("files", files=commit.files)
        return self._words.say("size", files=commit.files, additions=commit.additions, deletions=commit.deletions)

    def _notices(self, commit: ReportedCommit) -> list[str]:
        notices = []
        if commit.status != "done":
            notices.append(
                self._words.say(f"analysis_{commit.status}", reason=prose(self._words.reason(commit.reason or "")))
            )
        for name, sha in (("reverts", commit.reverts), ("reverted_by", commit.reverted_by)):
            if sha:
                notices.append(self._words.say(name, link=self._link(commit.repo, sha)))
        return [*notices, *filter(None, [effort_line(commit, self._words)])]

    def _link(self, repo: str, sha: str) -> str:
        if (repo, sha) not in self._titles:
            return code(sha[:SHORT])
        return f"[{self.label(self._titles[repo, sha])}](#{self._anchors[repo, sha]})"

    def _importance(self, tier: Tier, points: int, parts: Sequence[Part]) -> str:
        worded = [self._words.say("part", evidence=self._evidence(part), points=_signed(part.points)) for part in parts]
        listed = self._words.punctuation["clause"].join(worded)
        return self._words.say(
            "importance", tier=f"{MARKS[tier]} {self._words.tiers[tier]}", points=points, parts=listed
        )

    def _evidence(self, part: Part) -> str:
        """A model's reasons are many words, and have a line of their own."""
        if part.evidence.code == Code.PART_OPINION:
            return self._words.say("opinion")
        return self._words.phrase(part.evidence, MARKDOWN)

    def _opinion(self, commit: ReportedCommit) -> str:
        """What a model thinks of the importance and why, against the rules where they see it otherwise."""
        said = next((part.evidence for part in commit.parts if part.evidence.code == Code.PART_OPINION), None)
        if said is None:
            return ""
        opinion = self._words.whole(self._words.phrase(said, MARKDOWN))
        if commit.ruled in (None, commit.opinion):
            return self._words.say("agreement", opinion=opinion)
        return self._words.say("disagreement", ruled=self._words.tiers[str(commit.ruled)], opinion=opinion)

    def _insights(self, insights: Insights, *, brief: bool) -> list[dict[str, str]]:
        """One line per finding: dimensions that say the same share one; `brief` leaves out those that say nothing."""
        nothing = self._words.phrase(Phrase(code=Code.INSIGHT_NOTHING), MARKDOWN)
        lines: dict[str, list[str]] = {}
        for dimension in DIMENSIONS:
            said = self._words.punctuation["sentence"].join(self._sentences(getattr(insights, dimension)))
            if brief and not said:
                continue
            lines.setdefault(said or nothing, []).append(f"**{self._words.dimensions[dimension]}**")
        join = self._words.punctuation["list"].join
        return [{"dimensions": join(dimensions), "text": text} for text, dimensions in lines.items()]

    def _scope_line(self, scope: Sequence[Phrase]) -> str:
        """On one line: sentences of a model, or facts, which are none."""
        if any(phrase.code == Code.TEXT for phrase in scope):
            return self._words.punctuation["sentence"].join(self._sentences(scope))
        return self._words.punctuation["clause"].join(self._phrases(scope))

    def _phrases(self, phrases: Sequence[Phrase]) -> list[str]:
        return [text for phrase in phrases if (text := self._words.phrase(phrase, MARKDOWN))]

    def _sentences(self, phrases: Sequence[Phrase]) -> list[str]:
        return [self._words.whole(text) for text in self._phrases(phrases)]

    def _prose(self, repo: str, text: str) -> str:
        """Text of a commit, in which numbers of pull requests are links where the repository has a host."""
        return prose(text, *_requests(repo))


MARKDOWN = Markdown()


@lru_cache(maxsize=1024)
def _requests(repo: str) -> tuple[str, str]:
    """Where the repository's pull requests are, NUMBER standing for theirs, and the sign before their numbers."""
    url = address(pull_request_url(repo, 0) or "").removesuffix("0")
    if not url:
        return "", ""
    return f"{url}NUMBER", "!" if "/-/merge_requests/" in url else "#"


def commit_address(repo: str, sha: str) -> str:
    """The web address of a commit, "" when its repository has no host."""
    return address(commit_url(repo, sha) or "")


def _signed(points: int) -> str:
    return f"−{-points}" if points < 0 else f"+{points}"
