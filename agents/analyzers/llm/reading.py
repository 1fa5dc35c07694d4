"""A diff read at once, or in parts that are merged."""

from __future__ import annotations

from dataclasses import dataclass, field
from string import Template

from agents.analyzers.llm.answer import BOUNDS, Asked, Danger, PartAnswer
from agents.analyzers.llm.checking import Checker, Evidence
from agents.analyzers.llm.dialogue import Dialogue, Unusable
from agents.analyzers.llm.diff import Room, Shown, sections
from agents.analyzers.llm.limits import Limits
from agents.analyzers.llm.prompt import Prompt
from agents.analyzers.llm.question import Subject, commit_question, merging_question
from agents.analyzers.llm.reply import Wrong, parse
from agents.analyzers.llm.verdict import Judge, Verdict, check_text
from schemas.definition import Language


@dataclass(frozen=True, slots=True)
class Prepared:
    """A commit ready to be asked about; `asked` is a hash of all that the answer depends on, but for the model."""

    subject: Subject
    shown: Shown
    judge: Judge
    evidence: Evidence
    room: Room
    depth: Asked
    language: Language
    asked: str


@dataclass(frozen=True, slots=True)
class Read:
    """What came of it; `missed` are the paths of parts that no answer could be had about."""

    verdict: Verdict
    pieces: int = 1
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One way through a diff."""

    prompt: Prompt
    part: Prompt
    prepared: Prepared
    limits: Limits
    dialogue: Dialogue
    _missed: list[str] = field(default_factory=list)

    async def read(self) -> Read:
        """Raises Unusable, NoAnswer or TooLong."""
        parts = self.prepared.shown.parts or ("",)
        if len(parts) > 1:
            return await self._merged(parts)
        tokens = self.limits.answers[self.prepared.depth]
        question = commit_question(self.prompt, self.prepared.subject, parts[0], self._notes(), "analysis", tokens)
        return Read(await self.dialogue.ask(question, self.prompt.corrections, self.prepared.judge.read))

    def _notes(self) -> list[str]:
        left = self.prepared.shown.left_out_total
        return [_worded(self.prompt, "omitted", count=left)] if left else []

    async def _merged(self, parts: tuple[str, ...]) -> Read:
        notes: list[PartAnswer] = []
        for number, part in enumerate(parts, 1):
            try:
                notes.append(await self._part(part, number, len(parts)))
            except Unusable:
                self._missed.extend(path for path, _ in sections(part))
        if not notes:
            raise Unusable("invalid")
        room, tokens = self.prepared.room.tokens, self.limits.answers[self.prepared.depth]
        question = merging_question(self.prompt, self.prepared.subject, notes, self._notes(), room, tokens)
        verdict = await self.dialogue.ask(question, self.prompt.corrections, self.prepared.judge.read)
        return Read(verdict, len(notes), tuple(self._missed))

    async def _part(self, part: str, number: int, count: int) -> PartAnswer:
        notes = [_worded(self.part, "part", number=number, count=count)]
        question = commit_question(self.part, self.prepared.subject, part, notes, "part", self.limits.part_answer)
        return await self.dialogue.ask(question, self.part.corrections, self._checked)

    def _checked(self, text: str, last: bool) -> PartAnswer:
        """The notes on a part, as far as they are borne out. Raises Wrong."""
        said, bounds = parse(text, PartAnswer), BOUNDS["part"]
        checker = Checker(self.prepared.evidence, self.prepared.language)
        risks = [Danger(severity=r.severity, text=checker.line(r.text)) for r in said.risks[: bounds["risks"]]]
        findings = list(checker.lines(said.findings, bounds["findings"]))
        if not findings:
            check_text(said.findings, checker)
        if checker.is_foreign():
            raise Wrong("wrong_language")
        return PartAnswer.model_construct(findings=findings, risks=[risk for risk in risks if risk.text])


def _worded(prompt: Prompt, name: str, **args: int) -> str:
    return Template(prompt.corrections[name]).substitute({key: str(value) for key, value in args.items()})
