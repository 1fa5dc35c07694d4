"""From a commit to a model's analysis of it, or to a debt with the reason why there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from agents.analyzers.llm.answer import Asked
from agents.analyzers.llm.dialogue import Dialogue, Unusable
from agents.analyzers.llm.diff import LEFT_OUT_LIMIT, Pieces, Pool, Room, collect, show
from agents.analyzers.llm.evidence import evidence_of
from agents.analyzers.llm.fence import line
from agents.analyzers.llm.limits import Limits
from agents.analyzers.llm.prompt import Prompt, Prompts
from agents.analyzers.llm.question import subject_of
from agents.analyzers.llm.reading import Prepared, Read, Reading
from agents.analyzers.llm.remembered import Respondents, answer_of, digest_of
from agents.analyzers.llm.reply import Wrong
from agents.analyzers.llm.verdict import Judge, Verdict
from agents.llm.port import BUDGET, Asker, NoAnswer, TooLong
from schemas.analyses import AnalysisRequested, CommitAnalyzed, Depth, Effort
from schemas.commits import CommitObserved

ANALYZER = "llm"
NO_ROOM = "the model's context is too small for any question"  # a reason of debts; the catalogues have words for it
_REASON_LIMIT = 200  # characters
_SMALLEST = 100  # tokens of diff below which a model's context is too small for any question
_MARGIN = 0.8  # of a stated limit: our tokens are guesses


class Answers(Protocol):
    """Analyses made before, by what was asked."""

    async def get(self, key: str) -> str | None:
        """The JSON of the CommitAnalyzed whose effort has this answer, or None."""
        ...


class NoAnswers:
    """Remembers nothing."""

    async def get(self, key: str) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be analyzed, and how deeply."""

    commit: CommitObserved
    static: CommitAnalyzed
    request: AnalysisRequested
    depth: Asked
    prompt: Prompt
    pieces: Pieces | None


class Analyst:
    """Asks a model about commits, unless one of the `respondents` has answered the same before."""

    def __init__(
        self,
        asker: Asker,
        prompts: Prompts | None = None,
        limits: Limits | None = None,
        answers: Answers | None = None,
        depth_now: Callable[[Depth], Depth] = lambda wanted: wanted,
        respondents: Respondents | None = None,
    ) -> None:
        self._asker = asker
        self._prompts = prompts or Prompts()
        self._limits = limits or Limits()
        self._answers = answers or NoAnswers()
        self._depth_now = depth_now
        self._respondents = respondents or Respondents()
        self._ceiling: int | None = None  # tokens of diff that this model was found to read at most

    async def analyze(
        self,
        commit: CommitObserved,
        pieces: Pieces | None,
        static: CommitAnalyzed,
        request: AnalysisRequested,
        previous: CommitAnalyzed | None = None,
    ) -> CommitAnalyzed:
        """The analysis, or a debt; never raises for what a model or an endpoint does.

        `pieces` reads the patch that overflowed the event; `previous` is a model's analysis that is less deep.
        """
        depth = self._depth_now(request.depth)
        if depth == "static":
            return owed(static, request, previous, BUDGET, Effort())
        prompt = self._prompts.of(depth, request.language)
        task = _Task(commit, static, request, depth, prompt, pieces)
        dialogue = Dialogue(self._asker, self._limits.attempts)
        try:
            made = await self._made(task, dialogue)
        except NoAnswer as error:
            reason = error.reason
        except Unusable as error:
            reason = unusable(error.outcome)
        except TooLong:
            reason = NO_ROOM
        else:
            return made
        return owed(static, request, previous, reason, Effort(prompt=prompt.version, calls=tuple(dialogue.calls)))

    async def _made(self, task: _Task, dialogue: Dialogue) -> CommitAnalyzed:
        """The analysis; a question that is too long is asked again with less in it."""
        room = wanted = self._limits.room(task.depth, self._ceiling)
        while True:
            prepared = await self._prepared(task, room)
            try:
                made = await self._remembered(task, prepared) or await self._read(task, prepared, dialogue)
            except TooLong as error:
                room = self._smaller(room, error)
            else:
                if room.tokens < wanted.tokens:  # that shorter is better is known only now
                    self._ceiling = min(room.tokens, self._ceiling or room.tokens)
                return made

    async def _read(self, task: _Task, prepared: Prepared, dialogue: Dialogue) -> CommitAnalyzed:
        part = self._prompts.of("part", task.request.language)
        reading = await Reading(task.prompt, part, prepared, self._limits, dialogue).read()
        key = self._respondents.key(prepared.asked, dialogue.calls[-1])
        return _done(task, prepared, reading, dialogue, key)

    async def _prepared(self, task: _Task, room: Room) -> Prepared:
        pool = await collect(task.commit, task.pieces, room)
        # masking reads megabytes at worst: the loop goes on meanwhile
        return await asyncio.to_thread(_prepare, task, pool, room)

    async def _remembered(self, task: _Task, prepared: Prepared) -> CommitAnalyzed | None:
        """What the same question was answered before, checked as if it were new."""
        for key in self._respondents.keys(prepared.asked):
            found = await self._answers.get(key)
            said = answer_of(found, task.depth) if found is not None else None
            if said is None:
                continue
            try:
                verdict = prepared.judge.judge(said.answer, last=False)
            except Wrong:
                continue
            effort = said.effort.model_copy(update={"cached": True, "calls": ()})
            return _analyzed(task, verdict, _effort(task, prepared, verdict, effort, key))
        return None

    def _smaller(self, room: Room, error: TooLong) -> Room:
        """At most half of the room, and less than the limit where one was named. Raises the error at the end."""
        stated = int(error.limit * _MARGIN) - self._limits.beside if error.limit else 0
        tokens = min(room.tokens // 2, stated) if stated >= _SMALLEST else room.tokens // 2
        if tokens < _SMALLEST:
            raise error
        return Room(tokens, room.parts)


def unusable(outcome: str) -> str:
    """The reason of a debt when no attempt brought an answer that can be used; `outcome` is what ailed the last one."""
    return f"no answer of the model could be used, the last one was {outcome.replace('_', ' ')}"


def owed(
    static: CommitAnalyzed, request: AnalysisRequested, previous: CommitAnalyzed | None, reason: str, effort: Effort
) -> CommitAnalyzed:
    """The debt, or `previous` where there is one: a shallower analysis is better than none."""
    kept = previous if previous is not None and previous.status == "done" else None
    base = kept or static
    if kept is not None and kept.effort is not None:
        effort = kept.effort.model_copy(update={"calls": effort.calls, "cached": False, "answer": ""})
    return base.model_copy(
        update={
            "analyzer": ANALYZER,
            "language": request.language,
            "round": request.round,
            "depth": kept.depth if kept else "static",
            "wanted": request.depth,
            "status": "done" if kept else "owed",
            "reason": line(reason, _REASON_LIMIT),
            "effort": effort,
        }
    )


def _prepare(task: _Task, pool: Pool, room: Room) -> Prepared:
    subject = subject_of(task.commit, task.static.facts, room.tokens)
    shown = show(task.commit, pool, room)
    evidence = evidence_of(task.commit, task.static.facts, [subject.title, subject.message, *shown.parts])
    judge = Judge(task.depth, task.request.language, task.prompt, evidence, task.static.analysis)
    asked = digest_of(task.prompt.version, task.depth, task.request.language, subject.content, *shown.parts)
    return Prepared(subject, shown, judge, evidence, room, task.depth, task.request.language, asked)


def _done(task: _Task, prepared: Prepared, reading: Read, dialogue: Dialogue, key: str) -> CommitAnalyzed:
    calls = tuple(dialogue.calls)
    last = calls[-1]
    effort = Effort(endpoint=last.endpoint, model=last.model, calls=calls, pieces=reading.pieces)
    made = _effort(task, prepared, reading.verdict, effort, key)
    if reading.missed:
        left = tuple(dict.fromkeys([*reading.missed, *made.left_out]))
        total = made.left_out_total + len(left) - len(made.left_out)
        made = made.model_copy(update={"left_out": left[:LEFT_OUT_LIMIT], "left_out_total": total})
    return _analyzed(task, reading.verdict, made)


def _effort(task: _Task, prepared: Prepared, verdict: Verdict, effort: Effort, key: str) -> Effort:
    """The effort with what is known of the question, and where its answer is found again."""
    shown = prepared.shown
    return effort.model_copy(
        update={
            "prompt": task.prompt.version,
            "answer": key,
            "left_out": shown.left_out,
            "left_out_total": shown.left_out_total,
            "masked": shown.masked + prepared.subject.masked,
            "dropped": verdict.dropped,
        }
    )


def _analyzed(task: _Task, verdict: Verdict, effort: Effort) -> CommitAnalyzed:
    request = task.request
    return task.static.model_copy(
        update={
            "analyzer": ANALYZER,
            "language": request.language,
            "round": request.round,
            "depth": task.depth,
            "wanted": request.depth,
            "status": "done",
            "reason": None if task.depth == request.depth else BUDGET,
            "analysis": verdict.analysis,
            "importance": verdict.importance,
            "effort": effort,
        }
    )
