"""What a title says of itself: types, scope, a break, and its subject.

A title is peeled from the left: `fixup!`, emoji, tickets, `[brackets]` and `type(scope)!:`, in any order and number.
What remains is the subject. A prefix that names no type, as in `builtin/gc: fix x`, is a scope and stays in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agents.analyzers.vocabulary import plain, vocabulary
from schemas.analyses import ChangeType

READ_LIMIT = 1_000  # characters of a title that are read
_SCOPE_LIMIT = 100
_LAYERS = 8  # prefixes that are peeled at most

_FIXUP = re.compile(r"(?:fixup|squash|amend)!\s*", re.I)
_NAMED_EMOJI = re.compile(r"(:[a-z0-9_+-]+:)\s*")
_EMOJI = re.compile(r"([\u2190-\u2bff\U0001f000-\U0001faff])\ufe0f?\s*")
_BRACKET = re.compile(r"\[([^\[\]]{0,60})\]\s*(?:[:：-]\s*(?=\S))?")
_NUMBERING = re.compile(r"#?\d+|[A-Z][A-Z0-9]+-\d+|v?\d+/[\dNnXx]+|(?:RFC )?PATCH.*", re.S)
_TICKET = re.compile(
    r"(?:[A-Z][A-Z0-9]{1,9}-\d+|(?:gh|bpo)-\d+|(?:issue )?#\d+|\d+/[\dnx]+)\s*(?:[:：-]\s*|\s+)(?=\S)", re.I
)
_PREFIX = re.compile(
    r"(?P<word>[^\s:：()\[\]!\"'][^:：()\[\]!\"]{0,60}?)\s*(?:\((?P<scope>[^()]{0,80})\))?\s*(?P<bang>!)?\s*[:：]"
    r"(?P<gap>\s*)(?=\S)"
)
_NO_COLON = re.compile(r"(?P<word>[A-Za-z]+)\((?P<scope>[^()]{1,80})\)(?P<bang>!)?\s+(?=\S)")
_BRANCH_NAME = re.compile(r"(?P<word>[A-Za-z]+)/(?=\w)(?!\S*: )")
_PARTS = re.compile(r"\s*[/,&+|]\s*")
_SCOPED_WORD = re.compile(r"[^\s]+(?: [^\s]+){0,2}")
_QUOTED_REVERT = re.compile(r"(revert|reapply)\s*:?\s+[\"'“](.*)[\"'”]", re.I | re.S)
_REVERT_PREFIX = re.compile(r"revert(?:\([^()]*\))?!?\s*[:：]\s*(.+)", re.I | re.S)
_PULL_SUFFIX = re.compile(r"(?:\s*\(#\d{1,9}\))+\s*$")
_MERGE = re.compile(
    r"merged? (?:pull request|branch|branches|remote[- ]tracking branch|remote branch|tag|tags|commit|topic|"
    r"in \S+ \(pull request|pr) ?|merge \S+://|merge with \S+\.?$|automatic merge|auto-?merge\b",
    re.I,
)
_FIRST = re.compile(r"[\w']+")
_OWNS = {  # scopes that say what the change is, where the type before them says little
    ChangeType.CHORE: (ChangeType.DEPENDENCY, ChangeType.RELEASE, ChangeType.CI, ChangeType.DOCS, ChangeType.TEST),
    ChangeType.BUILD: (ChangeType.DEPENDENCY, ChangeType.RELEASE),
    ChangeType.CI: (ChangeType.DEPENDENCY, ChangeType.RELEASE),
}


@dataclass(frozen=True, slots=True)
class Title:
    """`types` are declared by the title; `verb` is what its first words suggest when it declares none.

    `subject` is the title without its type prefix and trailing pull-request numbers. `reverted` is the quoted title of
    what a revert takes back.
    """

    types: tuple[ChangeType, ...] = ()
    verb: ChangeType | None = None
    scope: str | None = None
    subject: str = ""
    breaking: bool = False
    reverted: str | None = None


@dataclass(slots=True)
class _Peeled:
    rest: str
    types: list[ChangeType] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    breaking: bool = False
    subsystem: bool = False  # a prefix was a scope: it stays in the subject


def read(title: str) -> Title:
    """Reads a title; never fails."""
    title = title[:READ_LIMIT].strip()
    reverted = _reverted(title)
    if reverted:
        return Title(types=(ChangeType.REVERT,), subject=_PULL_SUFFIX.sub("", title), reverted=reverted)
    peeled = _Peeled(title)
    for _ in range(_LAYERS):
        if not any(peel(peeled) for peel in _PEELERS):
            break
    return _title(title, peeled)


def looks_like_merge(title: str) -> bool:
    """Whether a title is one that git or a forge gives to merges."""
    return _MERGE.match(title[:READ_LIMIT]) is not None


def _reverted(title: str) -> str | None:
    """What `Revert "x"`, `Reapply "x"` or `revert: feat: x` takes back."""
    quoted = _QUOTED_REVERT.match(title)
    if quoted:
        # to apply again is to revert the revert
        return f'Revert "{quoted[2].strip()}"' if quoted[1].casefold() == "reapply" else quoted[2].strip()
    prefixed = _REVERT_PREFIX.match(title)
    inner = prefixed and _PREFIX.match(prefixed[1])
    return _PULL_SUFFIX.sub("", prefixed[1]) if prefixed and inner and types_of(inner["word"]) else None


def _title(title: str, peeled: _Peeled) -> Title:
    subject = _PULL_SUFFIX.sub("", peeled.rest).strip()
    lower = subject.casefold()
    types = _refined(peeled.types, lower)
    keeps_prefix = peeled.subsystem or not peeled.types or not subject
    return Title(
        types=types,
        verb=None if types else _verb(lower),
        scope=", ".join(peeled.scopes)[:_SCOPE_LIMIT] or None,
        subject=_PULL_SUFFIX.sub("", title).strip() if keeps_prefix else subject,
        breaking=peeled.breaking,
        reverted=subject if ChangeType.REVERT in types and subject else None,
    )


def _refined(declared: list[ChangeType], subject: str) -> tuple[ChangeType, ...]:
    """The declared types, and what turns of phrase add to those that say little."""
    words = vocabulary()
    types = list(dict.fromkeys(declared))
    phrase = next((kind for kind, pattern in words.phrases[:2] if pattern.search(subject)), None)
    if phrase and all(kind in _OWNS for kind in types):
        types = [phrase, *(kind for kind in types if kind is ChangeType.CI)]
    if words.security_title.search(subject):
        types.insert(0, ChangeType.SECURITY)
    return tuple(dict.fromkeys(types))


def _verb(subject: str) -> ChangeType | None:
    words = vocabulary()
    for kind, pattern in words.phrases:
        if pattern.search(subject):
            return kind
    found = _FIRST.findall(subject)
    for first in (" ".join(found[:2]), *found[:1]):
        if first in words.verbs:
            return words.verbs[first]
    return next((words.anywhere[word] for word in found if word in words.anywhere), None)


def types_of(text: str) -> list[ChangeType]:
    """The types that a prefix names, such as "fix" or "ci/build"; none when one of its parts names none."""
    prefixes = vocabulary().prefixes
    if plain(text) in prefixes:
        return [prefixes[plain(text)]]
    found = [prefixes.get(plain(part)) for part in _PARTS.split(text)]
    return [kind for kind in found if kind] if all(found) else []


def _fixup(peeled: _Peeled) -> bool:
    return _cut(peeled, _FIXUP.match(peeled.rest))


def _emoji(peeled: _Peeled) -> bool:
    match = _NAMED_EMOJI.match(peeled.rest) or _EMOJI.match(peeled.rest)
    if not match:
        return False
    kind = vocabulary().emoji.get(match[1])
    peeled.types += [kind] if kind else []
    peeled.breaking |= match[1] in ("💥", ":boom:")
    return _cut(peeled, match)


def _bracket(peeled: _Peeled) -> bool:
    match = _BRACKET.match(peeled.rest)
    if not match:
        return False
    text, words = match[1].strip(), vocabulary()
    types = types_of(text) or [kind for kind in map(words.prefixes.get, plain(text).split()) if kind]
    if plain(text) in words.breaking:
        peeled.breaking = True
    elif plain(text) not in words.empty and not _NUMBERING.fullmatch(text):
        peeled.types += types
        peeled.scopes += [text] if text and not types else []
    return _cut(peeled, match)


def _ticket(peeled: _Peeled) -> bool:
    return _cut(peeled, _TICKET.match(peeled.rest))


def _prefix(peeled: _Peeled) -> bool:
    match = _PREFIX.match(peeled.rest) or _NO_COLON.match(peeled.rest)
    if not match:
        return False
    word, scope = match["word"].strip(), (match["scope"] or "").strip()
    types = types_of(word)
    if word == "revert":  # `revert: add an option` is about a command of that name
        types = []
    if plain(word) in vocabulary().breaking:
        peeled.breaking = True
    elif types:
        _declare(peeled, types, scope)
    elif plain(word) not in vocabulary().empty and not _subsystem(peeled, match, word):
        return False
    peeled.breaking |= bool(match["bang"])
    return _cut(peeled, match)


def _declare(peeled: _Peeled, types: list[ChangeType], scope: str) -> None:
    named = types_of(scope) if scope else []
    if len(types) == 1 and any(kind in _OWNS.get(types[0], ()) for kind in named):
        types = named
    peeled.types += [*types, *named]
    peeled.scopes += [scope] if scope else []


def _subsystem(peeled: _Peeled, match: re.Match[str], word: str) -> bool:
    """`builtin/gc: fix x`: a scope of few words, unless it reads as a sentence ("Add this: and that")."""
    if match.re is not _PREFIX or not match["gap"] or not _SCOPED_WORD.fullmatch(word):
        return False
    verbs = vocabulary().verbs
    rest = _FIRST.search(peeled.rest, match.end())
    follows = bool(rest) and rest[0].casefold() in verbs if rest else False
    if " " in word and word.split()[0].casefold() in verbs and not follows:
        return False
    peeled.scopes.append(word)
    peeled.subsystem = True
    return True


def _branch(peeled: _Peeled) -> bool:
    match = _BRANCH_NAME.match(peeled.rest)
    if not match or not types_of(match["word"]):
        return False
    peeled.types += types_of(match["word"])
    return _cut(peeled, match)


def _cut(peeled: _Peeled, match: re.Match[str] | None) -> bool:
    if not match or not match.end():
        return False
    peeled.rest = peeled.rest[match.end() :]
    return True


_PEELERS = (_fixup, _emoji, _bracket, _ticket, _prefix, _branch)
