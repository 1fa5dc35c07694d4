"""The day's opening paragraph: what a folded report says, in a few sentences of a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from agents.analyzers.llm.answer import BOUNDS, OpeningAnswer
from agents.analyzers.llm.checking import STOPS, Checker, Evidence
from agents.analyzers.llm.dialogue import Dialogue, Unusable
from agents.analyzers.llm.fence import fenced, line, mark_of, visible
from agents.analyzers.llm.plain import sentences_of
from agents.analyzers.llm.prompt import Prompt, Prompts
from agents.analyzers.llm.question import asked
from agents.analyzers.llm.remembered import Respondents, digest_of
from agents.analyzers.llm.reply import Wrong, parse
from agents.analyzers.llm.secrets import mask
from agents.analyzers.llm.verdict import check_text, complaint
from agents.llm.port import Asker, NoAnswer, Question, TooLong
from agents.llm.tokens import estimate
from schemas.analyses import Call, Effort
from schemas.phrase import Code
from schemas.repo import display
from schemas.reports import Opening, ReportedCommit, ReportPublished, Stats
from schemas.scores import TIERS

_TOKENS = 8_000  # of the list of commits
_SMALLEST = 500
_ANSWER_TOKENS = 2_000
_FEWEST = 2  # sentences that are a paragraph
_TITLE, _SUMMARY = 200, 400  # characters
_KEPT_COMMITS = 500  # of which the list is made


class Opened(NamedTuple):
    """The opening, None where there is nothing to say or no answer, and the calls that were made in any case."""

    opening: Opening | None
    calls: tuple[Call, ...]


class _Paragraph:
    """Reads answers about one day."""

    def __init__(self, report: ReportPublished, listed: str, prompt: Prompt) -> None:
        self.dropped = 0
        self._evidence = Evidence.of([listed, *_names(report)], _counts(report))
        self._language = report.definition.language
        self._prompt = prompt

    def read(self, text: str, last: bool) -> str:
        """The paragraph. Raises Wrong when too little of it may stand."""
        return self.checked(parse(text, OpeningAnswer).sentences[: BOUNDS["opening"]["sentences"]])

    def checked(self, sentences: Sequence[str]) -> str:
        """The same of sentences that were read before."""
        checker = Checker(self._evidence, self._language)
        kept = checker.sentences(sentences)
        if len(kept) < _FEWEST:
            check_text(sentences, checker)
            raise Wrong("invalid", complaint(self._prompt, checker.found))
        if checker.is_foreign():
            raise Wrong("wrong_language")
        self.dropped = checker.dropped
        return (" " if self._language == "en" else "").join(kept)


class _Draft(NamedTuple):
    """A day as a question, as much of it as has room; `asked` is a hash of what is asked."""

    question: Question
    asked: str
    paragraph: _Paragraph
    masked: int


async def opening(
    report: ReportPublished,
    asker: Asker,
    prompts: Prompts | None = None,
    attempts: int = 3,
    *,
    earlier: Opening | None = None,
    respondents: Respondents | None = None,
) -> Opened:
    """The opening of a report whose commits are at hand: the `earlier` one where the same would be asked again."""
    prompt = (prompts or Prompts()).of("opening", report.definition.language)
    respondents = respondents or Respondents()
    if earlier is not None and _holds(earlier, report, prompt, respondents):
        effort = earlier.effort.model_copy(update={"cached": True, "calls": ()})
        return Opened(Opening(text=earlier.text, effort=effort), ())
    dialogue = Dialogue(asker, attempts)
    for draft in _drafts(report, prompt):
        try:
            text = await dialogue.ask(draft.question, prompt.corrections, draft.paragraph.read)
        except TooLong:
            continue
        except (NoAnswer, Unusable):
            break
        effort = _effort(prompt, dialogue, draft, respondents.key(draft.asked, dialogue.calls[-1]))
        return Opened(Opening(text=text, effort=effort), effort.calls)
    return Opened(None, tuple(dialogue.calls))


def _holds(earlier: Opening, report: ReportPublished, prompt: Prompt, respondents: Respondents) -> bool:
    """Whether one of the respondents was asked the same, and what it said may still stand."""
    for draft in _drafts(report, prompt):
        if earlier.effort.answer in respondents.keys(draft.asked):
            sentences = sentences_of(earlier.text, STOPS[report.definition.language]).sentences
            with suppress(Wrong):
                return draft.paragraph.checked(sentences) == earlier.text
    return False


def _drafts(report: ReportPublished, prompt: Prompt) -> Iterator[_Draft]:
    """Ever shorter ones; none of a day without commits."""
    commits = sorted(_commits(report), key=lambda commit: TIERS.index(commit.tier))[:_KEPT_COMMITS]
    tokens = _TOKENS
    while commits and tokens >= _SMALLEST:
        listed, masked = _listed(commits, tokens)
        question = _question(report, listed, prompt)
        asked = digest_of(prompt.version, *(message.content for message in question.messages))
        yield _Draft(question, asked, _Paragraph(report, listed, prompt), masked)
        tokens //= 2


def _effort(prompt: Prompt, dialogue: Dialogue, draft: _Draft, key: str) -> Effort:
    last = dialogue.calls[-1]
    return Effort(
        endpoint=last.endpoint,
        model=last.model,
        prompt=prompt.version,
        answer=key,
        calls=tuple(dialogue.calls),
        masked=draft.masked,
        dropped=draft.paragraph.dropped,
    )


def _commits(report: ReportPublished) -> Iterator[ReportedCommit]:
    for section in report.sections:
        yield from section.commits


def _question(report: ReportPublished, listed: str, prompt: Prompt) -> Question:
    user = prompt.report.substitute(
        commit=f"{report.definition.name}@{report.day.isoformat()}",
        title=f"{report.definition.name} {report.day.isoformat()}",
        omitted="",
        commits=fenced("COMMITS", listed, mark_of(listed)),
    )
    return asked(prompt, user, "opening", _ANSWER_TOKENS)


def _listed(commits: list[ReportedCommit], tokens: int) -> tuple[str, int]:
    """The commits, one on a line, as many as fit, and how many secrets were masked in them."""
    lines: list[str] = []
    masked = 0
    for commit in commits:
        clean = mask(f"- [{commit.tier}] {display(commit.repo)}: {line(commit.title, _TITLE)}{_summary(commit)}")
        tokens -= estimate(clean.text)
        if tokens < 0 and lines:
            break
        masked += clean.secrets
        lines.append(visible(clean.text))
    return "\n".join(lines), masked


def _summary(commit: ReportedCommit) -> str:
    """The first sentences that a model, or the author, gave of it."""
    phrases = [p for p in commit.analysis.summary if p.code in (Code.TEXT, Code.SUMMARY_BODY)]
    text = line(str(phrases[0].args["text"]), _SUMMARY) if phrases else ""
    return f" | {text}" if text else ""


def _names(report: ReportPublished) -> Iterator[str]:
    yield from (report.definition.name, report.day.isoformat())
    yield f"{report.day.year}年{report.day.month}月{report.day.day}日"
    yield from (display(section.repo) for section in report.sections)


def _counts(report: ReportPublished) -> Iterator[int]:
    """The counts that the report shows, all told and repository by repository."""
    stats = [section.stats for section in report.sections]
    names = Stats.model_fields
    yield from (report.coverage.commits, report.coverage.repos, report.coverage.owed, report.late_total)
    yield from (sum(getattr(one, name) for one in stats) for name in names)
    yield from (getattr(one, name) for one in stats for name in names)
