"""An answer made an analysis: what the facts bear out of it, and the static phrases where nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from string import Template
from typing import Any, NamedTuple

from agents.analyzers.llm.answer import BOUNDS, Asked, BriefAnswer, Danger, FullAnswer
from agents.analyzers.llm.checking import Checker, Evidence
from agents.analyzers.llm.prompt import Prompt
from agents.analyzers.llm.reply import Wrong, parse, refuses
from agents.analyzers.phrases import say
from schemas.analyses import DIMENSIONS, Analysis, Importance, Insights
from schemas.definition import Language
from schemas.phrase import Code, Phrase


class Verdict(NamedTuple):
    """What a model thinks of a commit, as far as it may stand; `dropped` statements may not."""

    analysis: Analysis
    importance: Importance | None
    dropped: int


class Judge:
    """Reads answers about one commit."""

    def __init__(self, depth: Asked, language: Language, prompt: Prompt, evidence: Evidence, static: Analysis) -> None:
        self._bounds = BOUNDS[depth]
        self._model: type[BriefAnswer] = BriefAnswer if depth == "brief" else FullAnswer
        self._language = language
        self._prompt = prompt
        self._evidence = evidence
        self._static = static

    def read(self, text: str, last: bool) -> Verdict:
        """The verdict. Raises Wrong; on the last attempt not for statements that are not borne out."""
        answer = parse(text, self._model)
        said = answer.summary[: self._bounds["summary"]]
        return self.judge(answer.model_copy(update={"summary": said}), last)

    def judge(self, answer: BriefAnswer, last: bool) -> Verdict:
        """The same for an answer that was read before."""
        checker = Checker(self._evidence, self._language)
        summary = checker.sentences(answer.summary)
        if not summary:
            self._excuse(answer, checker, last)
        analysis = replace(
            self._static,
            change_types=tuple(dict.fromkeys(answer.change_types))[: self._bounds["change_types"]],
            summary=_texts(summary) or self._static.summary,
            **(self._full(answer, checker) if isinstance(answer, FullAnswer) else {}),
        )
        reason = checker.line(answer.importance.reason) or (summary[0] if summary else "")
        if checker.is_foreign():
            raise Wrong("wrong_language")
        importance = Importance(tier=answer.importance.tier, reason=reason) if reason else None
        return Verdict(analysis, importance, checker.dropped)

    def _excuse(self, answer: BriefAnswer, checker: Checker, last: bool) -> None:
        """Raises Wrong when nothing of the summary may stand, unless that may pass."""
        check_text(answer.summary, checker)
        if not last:
            raise Wrong("invalid", complaint(self._prompt, checker.found), doubtful=True)

    def _full(self, answer: FullAnswer, checker: Checker) -> dict[str, Any]:
        static, bounds = self._static, self._bounds

        def texts(said: Sequence[str], name: str, stand_in: tuple[Phrase, ...]) -> tuple[Phrase, ...]:
            return _texts(checker.lines(said, bounds[name])) or (stand_in if said else ())

        insights = {
            name: texts(getattr(answer.insights, name), name, getattr(static.insights, name)) for name in DIMENSIONS
        }
        risks = tuple(_risks(answer.risks[: bounds["risks"]], checker.line))
        suggestions = texts(answer.suggestions, "suggestions", static.suggestions)
        return {
            "scope": texts(answer.scope, "scope", static.scope) or static.scope,
            "insights": Insights(**insights),
            "risks": risks or (static.risks if answer.risks else (say(Code.RISK_NOTHING),)),
            "suggestions": suggestions or (say(Code.SUGGEST_NOTHING),),
        }


def check_text(texts: Sequence[str], checker: Checker) -> None:
    """Raises Wrong when texts of which nothing may stand are empty, a polite no, or in another language."""
    joined = "\n".join(texts)
    if not joined.strip():
        raise Wrong("empty")
    if refuses(joined):
        raise Wrong("refused")
    if checker.foreign:
        raise Wrong("wrong_language")


def complaint(prompt: Prompt, found: str) -> str:
    """What is wrong with a summary of which nothing may stand."""
    name = "unfounded" if found else "hollow"
    return Template(prompt.corrections[name]).substitute(found=found)


def _texts(lines: Iterable[str]) -> tuple[Phrase, ...]:
    return tuple(say(Code.TEXT, text=line) for line in lines)


def _risks(risks: Iterable[Danger], line: Callable[[str], str]) -> Iterable[Phrase]:
    for risk in risks:
        if text := line(risk.text):
            yield say(Code.RISK_TEXT, severity=risk.severity, text=text)
