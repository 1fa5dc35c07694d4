"""A commit as a question: what is known of it for certain, then what strangers wrote, fenced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents.analyzers.llm.answer import PartAnswer
from agents.analyzers.llm.diff import listed
from agents.analyzers.llm.fence import fenced, line, mark_of, visible
from agents.analyzers.llm.prompt import Prompt
from agents.analyzers.llm.secrets import mask
from agents.llm.port import Message, Purpose, Question
from agents.llm.tokens import cut
from schemas.analyses import Facts
from schemas.commits import CommitObserved
from schemas.repo import display

UNKNOWN = "-"  # where the changed files are not known
TITLE_LIMIT = 200  # characters of a title on its line; the message has more of it
_MESSAGE_SHARE, _FILES_SHARE = 4, 6  # the diff has so many times the room of the message and of the list of files
_MESSAGE_TITLE = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Subject:
    """A commit, masked and within its tokens: all of it that is sent but for the diff."""

    commit: str
    title: str
    message: str
    files: str
    facts: str
    masked: int

    @property
    def content(self) -> str:
        """What the answer depends on: neither where the commit stands nor when it was made."""
        return "\0".join((self.title, self.message, self.files))


def subject_of(commit: CommitObserved, facts: Facts, tokens: int) -> Subject:
    """The subject of a question that has room for `tokens` of diff."""
    title, body = mask(commit.title[:_MESSAGE_TITLE]), mask("\n".join(commit.body)[: tokens * 4])
    name = mask(commit.repo)
    message = cut(visible(f"{title.text}\n\n{body.text}".strip()), max(tokens // _MESSAGE_SHARE, 100))
    return Subject(
        commit=f"{line(display(name.text), TITLE_LIMIT)}@{commit.sha}",
        title=line(title.text, TITLE_LIMIT) or "-",
        message=message,
        files=listed(commit.files, commit.files_total, max(tokens // _FILES_SHARE, 100)),
        facts=_facts_line(facts),
        masked=title.secrets + body.secrets + name.secrets,
    )


def _facts_line(facts: Facts) -> str:
    """Counts only: what a stranger wrote does not stand among the facts."""
    if facts.files is None:
        return UNKNOWN
    kinds = ", ".join(f"{kind.value} {number}" for kind, number in facts.kinds.items())
    return f"files {facts.files}, +{facts.additions} -{facts.deletions}{f' ({kinds})' if kinds else ''}"


def commit_question(
    prompt: Prompt, subject: Subject, diff: str, notes: Sequence[str], purpose: Purpose, tokens: int
) -> Question:
    """The question about a diff, or a part of it; `notes` are ours, such as that something was left out."""
    return _about(prompt, subject, notes, _fenced_diff(prompt, subject, diff), purpose, tokens)


def merging_question(
    prompt: Prompt, subject: Subject, parts: Sequence[PartAnswer], notes: Sequence[str], room: int, tokens: int
) -> Question:
    """The question that makes one answer of those on the parts."""
    each = max(room // max(len(parts), 1), 50)
    texts = [cut(visible(_part_notes(part)), each) for part in parts]
    mark = mark_of(*texts)
    fences = [fenced(f"NOTES {number}", text, mark) for number, text in enumerate(texts, 1)]
    body = "\n\n".join([prompt.merging.strip(), *fences])
    return _about(prompt, subject, notes, body, "merging", tokens)


def asked(prompt: Prompt, user: str, purpose: Purpose, tokens: int) -> Question:
    """A question with nothing but a system message and the user's."""
    messages = (Message("system", prompt.system), Message("user", user.strip()))
    return Question(messages, prompt.schema, prompt.name, tokens, purpose)


def _about(
    prompt: Prompt, subject: Subject, notes: Sequence[str], body: str, purpose: Purpose, tokens: int
) -> Question:
    mark = mark_of(subject.message, subject.files)
    user = prompt.commit.substitute(
        commit=subject.commit,
        title=subject.title,
        facts=subject.facts,
        omitted="\n".join(notes),
        message=fenced("MESSAGE", subject.message, mark),
        files=fenced("FILES", subject.files, mark) if subject.files else "",
        diff=body,
    )
    return asked(prompt, user, purpose, tokens)


def _fenced_diff(prompt: Prompt, subject: Subject, diff: str) -> str:
    if diff:
        return fenced("DIFF", diff, mark_of(diff))
    if subject.facts == UNKNOWN:
        return prompt.corrections["unknown"]
    return prompt.corrections["textless" if subject.files else "nothing"]


def _part_notes(part: PartAnswer) -> str:
    risks = [f"[{risk.severity}] {risk.text}" for risk in part.risks]
    return "\n".join(f"- {note}" for note in (*part.findings, *risks))
