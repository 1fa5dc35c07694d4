"""An HTTP status that is no success, and what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from agents.llm.limits import retry_after
from agents.llm.secret import masked_path
from agents.llm.wire import Denied, FormatRefused, Limited, Oversized, Rejected, Transient, Unsupported, WireError

_TRANSIENT = {408, 409, 421, 425}
_DENIED = {401, 402, 403, 404, 405, 407, 410, 451}
# not "billing" or "payment": what is refused for its rate is often advised to pay for more
_OUT_OF_MONEY = re.compile(r"insufficient[_ ](?:quota|credit|balance|funds)|billing_(?:hard_limit|not_active)", re.I)
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|string_above_max_length|maximum context length|maximum model length"
    r"|context (?:size|window|length)|(?:prompt|input|request)s? (?:is |are |was )?too (?:long|large)"
    r"|longer than the maximum|token count.{0,60}exceeds|reduce the length|must be <= \d+",
    re.I,
)
_LIMITS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"maximum (?:context|model) length (?:is |of |\()+(\d+)",
        r"(?:context size|context window|context length)\D{0,20}(\d+)",
        r"tokens allowed \((\d+)",
        r"must be <= (\d+)",
        r">\s*(\d+) maximum",
        r"\blimit (\d+)",
    )
)
_FORMAT = re.compile(r"response_format|json_schema|json_object|guided_json|structured output", re.I)
_PARAMETERS = ("max_completion_tokens", "max_tokens", "temperature")
_MOST = re.compile(r"at most (\d+)", re.I)
_MOST_DIGITS = 9  # a longer number is no count of tokens
_PATHS = ("/chat/completions", "/models")  # what a client adds to a base URL


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an error's body says, in OpenAI's words."""

    message: str
    code: str
    parameter: str

    def __str__(self) -> str:
        return " ".join((self.code, self.parameter, self.message))


def read_complaint(body: str) -> Complaint:
    """Read the body of an error: OpenAI's form, that of others, or a page, of which nothing is kept."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return Complaint("" if "<" in body else body, "", "")
    error = value.get("error", value) if isinstance(value, dict) else value
    if not isinstance(error, dict):
        return Complaint(str(error), "", "")
    message = error.get("message") or error.get("detail") or error.get("error") or ""
    codes = [str(error[k]) for k in ("code", "type") if isinstance(error.get(k), str)]
    return Complaint(str(message), " ".join(codes), str(error.get("param") or ""))


def wire_error(
    status: int, headers: Mapping[str, str], body: str, now: datetime, clean: Callable[[str], str]
) -> WireError:
    """The error that an answer with this status is. `clean` makes a line without keys of what the endpoint says."""
    complaint = read_complaint(body)
    message = clean(_describe(status, complaint))
    wait = retry_after(headers, now)
    if status == 429:
        return _too_many(message, wait, complaint)
    if status >= 500 or status < 400 or status in _TRANSIENT:
        return Transient(message, wait)
    if status == 413:
        return Oversized(message, _limit(complaint))
    if status in _DENIED:
        return Denied(message)
    return _bad_request(message, complaint)


def redirected(asked: str, location: str) -> str:
    """What to say of an endpoint that redirects; `asked` is the full URL that was asked."""
    try:
        parts = urlsplit(urljoin(asked, location))
    except ValueError:
        parts = urlsplit("")
    if not location or not parts.hostname:
        return "the endpoint redirects, and does not say where to; ask its operator for the right URL"
    host = parts.netloc.rpartition("@")[2]
    path = next((parts.path.removesuffix(end) for end in _PATHS if parts.path.endswith(end)), parts.path)
    return f"the endpoint redirects to {parts.scheme}://{host}{masked_path(path)}; configure that URL"


def _too_many(message: str, wait: float | None, complaint: Complaint) -> WireError:
    if _OUT_OF_MONEY.search(str(complaint)):
        return Denied(message)
    # more tokens in one request than may be sent in a minute: no wait helps
    if "request too large" in complaint.message.lower():
        return Oversized(message, _limit(complaint))
    return Limited(message, wait)


def _bad_request(message: str, complaint: Complaint) -> WireError:
    said = str(complaint)
    # first: such a message may also name max_tokens
    if _TOO_LONG.search(said):
        return Oversized(message, _limit(complaint))
    if _FORMAT.search(said):
        return FormatRefused(message)
    named = complaint.parameter if complaint.parameter in _PARAMETERS else _first_named(complaint.message)
    if named:
        most = _MOST.search(complaint.message)
        return Unsupported(message, named, _tokens(most) if most else None)
    return Rejected(message)


def _first_named(message: str) -> str:
    """The parameter that the message names first: "'max_tokens' is not supported, use 'max_completion_tokens'"."""
    places = {p: m.start() for p in _PARAMETERS if (m := re.search(rf"\b{p}\b", message))}
    return min(places, key=lambda p: places[p], default="")


def _limit(complaint: Complaint) -> int | None:
    found = (pattern.search(complaint.message) for pattern in _LIMITS)
    return next((tokens for match in found if match and (tokens := _tokens(match))), None)


def _tokens(match: re.Match[str]) -> int | None:
    return int(match[1]) if len(match[1]) <= _MOST_DIGITS else None


def _describe(status: int, complaint: Complaint) -> str:
    try:
        phrase = HTTPStatus(status).phrase.lower()
    except ValueError:
        phrase = complaint.code
    return ": ".join(part for part in (f"{status} {phrase}".strip(), complaint.message) if part)
