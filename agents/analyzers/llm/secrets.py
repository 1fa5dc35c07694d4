"""Secrets in text, masked before it leaves: those that the detector knows, and what it does not see in a diff.

The detector reads line by line and knows neither keys that a diff cuts nor every vendor; our own rules add those.
Hashes of lock files and commits stay: they are no secrets, and a diff of nothing but masks says nothing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import NamedTuple, Protocol

MASK = "[masked]"
LINE_LIMIT = 2_000  # characters of a line that are kept: a minified file is no reading, and time stays bounded

# of the detector library; those that guess by entropy would mask every hash, and that of Artifactory takes minutes
_DETECTORS = (
    "aws.AWSKeyDetector",
    *("cloudant.CloudantDetector", "discord.DiscordBotTokenDetector", "github_token.GitHubTokenDetector"),
    *("ibm_cloud_iam.IbmCloudIamDetector", "ibm_cos_hmac.IbmCosHmacDetector", "jwt.JwtTokenDetector"),
    *("mailchimp.MailchimpDetector", "npm.NpmDetector", "sendgrid.SendGridDetector", "slack.SlackDetector"),
    *("softlayer.SoftlayerDetector", "square_oauth.SquareOAuthDetector", "stripe.StripeDetector"),
    "twilio.TwilioKeyDetector",
)
_BLOCK_SIZE = 6_000  # characters in which all secrets are looked for at once: looking for each takes its square
_EVERYWHERE = 100  # secrets of one text that are masked where nothing tells of them, too
_KEYWORD = re.compile(r"pass|pwd|token|secret|key|contrase", re.I)
# the keyword detector takes the square of what it reads: windows around telling names, and names of bounded length
_BEFORE, _AFTER, _STEP, _NAME_LIMIT = 50, 250, 150, 30
_LONG_NAME = re.compile(rf"\w{{{_NAME_LIMIT + 1},}}")
_GAP = re.compile(" {2,}")  # for several detectors, spaces take the cube of their number
_SHORTEST = 6  # characters of a value behind a telling name
_TOKENS = re.compile(
    r"""
      (?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{12,}   # AWS
    | (?:gh[pousr]|github_pat|glpat|glptt|gldt|glrt)[_-][A-Za-z0-9_-]{16,}   # GitHub, GitLab
    | (?<![A-Za-z0-9])(?:sk|pk|rk)[-_](?:(?:live|test|proj|ant|svcacct|admin|or)[-_])?[A-Za-z0-9_-]{20,}  # OpenAI …
    | xox[abeoprs]-[A-Za-z0-9-]{10,} | xapp-[A-Za-z0-9-]{10,}
    | https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]+
    | https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/[A-Za-z0-9/_-]+
    | (?<![A-Za-z0-9])(?:nvapi|hf|gsk|xai|pypi|npm|dop_v1|doo_v1|shpat|shpss|lin_api|sq0atp|sq0csp|dapi|dckr_pat)
      [-_][A-Za-z0-9_-]{20,}
    | AIza[A-Za-z0-9_-]{30,} | ya29\.[A-Za-z0-9_-]{20,} | GOCSPX-[A-Za-z0-9_-]{20,}
    | SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}
    | (?<!\d)\d{8,10}:AA[A-Za-z0-9_-]{32,}                                 # Telegram
    | eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.?[A-Za-z0-9_-]*             # JWT
    | (?<![A-Za-z0-9])(?:AKC[A-Za-z0-9]{10,} | AP[0-9A-F](?=[A-Za-z]*\d)[A-Za-z0-9]{8,})(?![A-Za-z0-9])  # Artifactory
    | AGE-SECRET-KEY-1[A-Z0-9]{20,}
    """,
    re.VERBOSE,
)
_URL_PASSWORD = re.compile(r"(?<=://)([^\s/:@'\"]{0,100}:)(?![$<]|%(?![0-9A-Fa-f]{2}))([^\s/{}<>'\"]{1,200})(?=@)")
_URL_TOKEN = re.compile(r"(://)(?=[^\s/@]*\d)([\w.~+=-]{16,200})(?=@)", re.ASCII)  # a user's name is shorter
_BEARER = re.compile(r"((?:bearer|basic|token)[ \t]+)([A-Za-z0-9._~+/=-]{16,})", re.I)
_NAME = (
    r"(?:pass(?:word|wd|phrase)|(?<![a-z])pass(?![a-z])|pwd|(?<!publickey)token|secret|contrase[nñ]a|credentials?"
    r"|(?:access|account|api|auth|client|database|db|encryption|private|priv|secret|service|signing)[_.-]?key)"
)
_UNQUOTED = re.compile(
    rf"({_NAME}[a-z_]{{0,40}}['\"]?[ \t]*[:=]{{1,2}}[ \t]*)"
    r"(?=\S*\d)([^\s'\"(){}\[\]<>$,;.]{8,})(?=\s*$|[;,&\s'\"])",
    re.I,
)
_QUOTED = re.compile(  # several on a line, of which the detector sees the first
    rf"({_NAME}\w{{0,40}}['\"`\])]{{0,2}}[ \t]*(?:=>|:=|[:=]{{1,3}}|[(,])[ \t]*@?(['\"`]))"
    r"(?=[\w!@#%^&])(?=[^\s'\"`]*[^A-Za-z_.\s'\"`-])(?:[^\s'\"`]{6,300})(?=\2)",
    re.I,
)
_VALUE = r"(?![-$<{\[(%./~])([^\s'\"`<>{}()\[\],;]{6,})"  # of a command line, not one that the shell puts in
_ENVIRONMENT = re.compile(
    r"((?<![A-Za-z0-9_])[A-Z0-9_]*(?:PASS(?:WORD|WD|PHRASE)?|PWD|SECRET|TOKEN|(?:ACCESS|API|AUTH|PRIVATE|SECRET)_?KEY)=)"
    + _VALUE
    + r"(?=[\s'\"`,;]|$)"
)
_OPTION = re.compile(  # behind a space only what is no word of prose
    rf"((?<![\w-])--?(?:[a-z0-9]+[_-]){{0,5}}{_NAME}(?:=|[ \t]+(?=['\"]?[\w.-]*[\d!@#%^&*+=~]))['\"]?){_VALUE}", re.I
)
_USER = re.compile(
    r"((?<![\w-])(?:-u|-U|--user|--proxy-user)[ \t=]{1,3}['\"]?[\w.@+-]{1,64}:)"
    r"(?!//|[$<{\[]|\d+(?:\s|$))([^\s'\"`]{6,})"
)
_WORD = (  # of prose about an option or a field, and of schemas
    r"(?!(?i:option|flag|argument|parameter|switch|value|setting|variable|command|prompt|string|boolean|integer|number"
    r"|field|input|header|instead|should|without|before|after|because|through|either|rather|always|support|required"
    r"|optional|default|contain|specif|unless|whether|within|please|cannot|handling|passed|given|authentic|unknown"
    r"|enabled|disabled|hidden|passw(?:or)?d|secret|token|none|null|true|false)(?![A-Za-z]*[^\sA-Za-z.,:;)'\"`]))"
)
_LETTERS = re.compile(  # behind an option, where names of placeholders and prose may stand as well
    rf"((?:(?<![\w-])--|(?<=[ \t])-)(?i:(?:[a-z0-9]+[_-]){{0,5}}{_NAME})[ \t]+['\"]?)"
    rf"(?![A-Z_]{{2,}}(?![\w-])){_WORD}{_VALUE}"
)
_YAML = re.compile(
    r"^([+\- ]?[ \t]*(?:-[ \t]+)?['\"]?"
    r"(?:[A-Z0-9_]*(?:PASS(?:WORD|WD|PHRASE)?|PWD|SECRET|TOKEN|(?:ACCESS|API|AUTH|PRIVATE|SECRET)_?KEY)"
    r"|[a-z0-9_.-]*(?:password|passwd|passphrase)(?=:[ \t]+['\"]?[a-z]))['\"]?:[ \t]+['\"]?)"
    rf"(?![!&*|>@]){_WORD}{_VALUE}(?=['\"]?[ \t]*(?:#.*)?$)",
    re.M,
)
_ARGUMENT = r"(?![-$<{\[(%*])([^\s'\"`<>{}()\[\]|;&]+)"
_COMMAND = re.compile(  # options that take passwords where the command tells so
    r"(\b(?:(?:mysql|mariadb)[\w-]*\b[^\n|;&]{0,200}?[ \t]-p['\"]?"
    r"|sshpass\b[^\n|;&]{0,60}?[ \t]-p[ \t]*['\"]?"
    r"|redis-cli\b[^\n|;&]{0,100}?[ \t](?:-a|--pass)[ \t]+['\"]?"
    r"|(?:docker|podman|helm|oras)\b[^\n|;&]{0,60}?\blogin\b[^\n|;&]{0,100}?[ \t]-p[ \t]*['\"]?"
    r"|curl\b[^\n|]{0,200}?[ \t]-[a-zA-Z]{0,6}[uU][ \t=]{0,3}['\"]?[\w.@+-]{1,64}:))" + _ARGUMENT
)
_RULES = (
    *(_URL_PASSWORD, _URL_TOKEN, _BEARER, _COMMAND, _USER, _OPTION, _LETTERS),
    *(_ENVIRONMENT, _QUOTED, _UNQUOTED, _YAML),
)
_RUN = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40,}={0,2}")
_HASH_BEFORE = re.compile(r"(?:sha\d{1,3}|h1|md5|integrity|checksum)[-:='\" ]{1,4}$", re.I)
_RUN_ENTROPY = 4.4  # bits a character; prose, paths and identifiers stay below 4.2, random base64 is above 4.6
_HEX = re.compile("[0-9a-f]+")  # in addresses of lock files
_RANDOM = 30  # characters of a run without its hexadecimal parts
_LONG_WORD = re.compile("[a-z]{6}")
_BEGIN = re.compile(r"(?:-{2,5} ?BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File-\d|Private-Lines:)")
_END = re.compile(r"-{2,5} ?END [A-Z0-9 ]*PRIVATE KEY|Private-MAC:")
_BLOCK = re.compile(
    r"(BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?[ -]{0,6})([^\n]{10,}?)(?=[ -]{0,6}END [A-Z0-9 ]*PRIVATE KEY|$)", re.M
)
_KEY_LINE = re.compile(
    r"[+\- ]?[\s'\"`>#*/|]*(?:(?:[A-Za-z0-9+/=]|\\[nrt]){1,200}|(?:Proc-Type|DEK-Info|Version|Comment|Hash|Encryption"
    r"|Public-Lines|Private-Lines|Key-Derivation|Argon2-\w+):.*)?[\s'\"`,;+.)\\]*"
)
_KEY_LINES = 400


class Masked(NamedTuple):
    """A text without its secrets, and how many there were."""

    text: str
    secrets: int


class _Detector(Protocol):
    def analyze_string(self, string: str) -> Iterator[object]: ...


def mask(text: str) -> Masked:
    """The text with every secret replaced by MASK; lines are cut to LINE_LIMIT first."""
    lines, keys = _without_keys([line[:LINE_LIMIT] for line in text.split("\n")])
    text, tokens = _without_tokens("\n".join(lines))
    text, known = _without_known(text)
    return Masked(text, keys + tokens + known)


def _without_keys(lines: list[str]) -> tuple[list[str], int]:
    """The lines without private keys: from their beginning to their end, whichever of the two is there."""
    count, left = 0, 0
    for index, line in enumerate(lines):
        if _BEGIN.search(line):
            left = _KEY_LINES
        elif _END.search(line):
            count, left = count + (left == 0 and _mask_back(lines, index)), 0
        elif left and _KEY_LINE.fullmatch(line):
            lines[index] = _masked_line(line)
            count, left = count + (left == _KEY_LINES), left - 1
        else:
            left = 0
        if "PRIVATE KEY" in line:
            lines[index], found = _BLOCK.subn(lambda match: match[1] + _block(match[2]), line)
            count += found and MASK in lines[index]
    return lines, count


def _mask_back(lines: list[str], end: int) -> bool:
    """Mask the lines of a key whose beginning the diff does not show."""
    begin = end
    while begin > max(0, end - _KEY_LINES) and len(lines[begin - 1]) > 1 and _KEY_LINE.fullmatch(lines[begin - 1]):
        begin -= 1
        lines[begin] = _masked_line(lines[begin])
    return begin < end


def _masked_line(line: str) -> str:
    """What the diff says of the line, without its content."""
    return (line[:1] if line[:1] in "+- " else "") + (MASK if line.strip("+- ") else "")


def _block(text: str) -> str:
    """What stands behind a key's beginning on the same line: masked if it is a key, not code that looks for one."""
    key = _KEY_LINE.fullmatch(text[:200]) is not None and len(text.strip(" -'\"\\nr")) >= _SHORTEST
    return MASK if key else text


def _without_tokens(text: str) -> tuple[str, int]:
    """Without what our own rules know."""
    text, tokens = _TOKENS.subn(MASK, text)
    for rule in _RULES:
        text, found = rule.subn(rf"\1{MASK}", text)
        tokens += found
    runs = [match for match in _RUN.finditer(text) if _is_random(match, text)]
    return _cut_out(text, [match.span() for match in runs]), tokens + len(runs)


def _is_random(match: re.Match[str], text: str) -> bool:
    """Whether a run of base64 is a key rather than a hash, a path or a name."""
    run = "/".join(part for part in match[0].rstrip("=").split("/") if not _HEX.fullmatch(part))
    if _HASH_BEFORE.search(text, max(0, match.start() - 16), match.start()):
        return False
    mixed = any(map(str.islower, run)) and any(map(str.isupper, run)) and any(map(str.isdigit, run))
    words = sum(map(str.isdigit, run)) < 3 and _LONG_WORD.search(run) is not None
    return mixed and len(run) >= _RANDOM and not words and _entropy(run[:200]) >= _RUN_ENTROPY


def _entropy(text: str) -> float:
    """Bits a character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def _cut_out(text: str, spans: Sequence[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for begin, end in spans:
        pieces += [text[at:begin], MASK]
        at = end
    return "".join([*pieces, text[at:]])


def _without_known(text: str) -> tuple[str, int]:
    """Without what the detectors know, wherever it stands."""
    blocks: list[str] = []
    everywhere: list[str] = []
    count = 0
    for block in _blocks(text):
        values = _known(block)
        everywhere += values[: _EVERYWHERE - len(everywhere)]
        block, found = _without(block, values)
        blocks.append(block)
        count += found
    text, found = _without("\n".join(blocks), everywhere)
    return text, count + found


def _blocks(text: str) -> Iterator[str]:
    """The lines of the text, as many together as have little more than _BLOCK_SIZE characters."""
    lines: list[str] = []
    size = 0
    for line in text.split("\n"):
        lines.append(line)
        size += len(line) + 1
        if size >= _BLOCK_SIZE:
            yield "\n".join(lines)
            lines, size = [], 0
    if lines:
        yield "\n".join(lines)


def _known(block: str) -> list[str]:
    """What the detectors find."""
    close = _GAP.sub(" ", block)
    values = {str(value) for detector in _detectors() for value in detector.analyze_string(close)}
    values |= {value for line in close.split("\n") for window in windows(line) for value in _behind_keyword(window)}
    return sorted(filter(_worth_masking, values))


def _without(text: str, values: Sequence[str]) -> tuple[str, int]:
    count = 0
    for value in sorted(values, key=len, reverse=True):
        if found := text.count(value):
            count += found
            text = text.replace(value, MASK)
    return text, count


def windows(line: str) -> Iterator[str]:
    """What stands around telling names such as `password` in a line: at most twice as many characters as the line."""
    if not _KEYWORD.search(line):
        return
    line = _LONG_NAME.sub(lambda match: match[0][-_NAME_LIMIT:] if _KEYWORD.search(match[0]) else match[0], line)
    match = _KEYWORD.search(line)
    while match:
        begin = match.start()
        yield line[max(0, begin - _BEFORE) : begin + _AFTER]
        match = _KEYWORD.search(line, begin + _STEP)


def _behind_keyword(window: str) -> Iterator[str]:
    """Quoted values behind names such as `password`; prose and names of variables are none."""
    for value in _keyword_detector().analyze_string(window):
        if not re.search(r"\s", text := str(value)) and re.search(r"[^A-Za-z_.-]", text):
            yield text


def _worth_masking(value: str) -> bool:
    return len(value) >= _SHORTEST and MASK not in value and value not in MASK


@cache
def _detectors() -> tuple[_Detector, ...]:
    """The detectors of the library; imported late, for they import an HTTP client that is never used here."""
    return tuple(_detector(name) for name in _DETECTORS)


@cache
def _keyword_detector() -> _Detector:
    return _detector("keyword.KeywordDetector")


def _detector(name: str) -> _Detector:
    module, _, cls = name.partition(".")
    detector: _Detector = getattr(import_module(f"detect_secrets.plugins.{module}"), cls)()
    return detector
