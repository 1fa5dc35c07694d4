"""Secrets never leave, wherever they are planted; hashes stay."""

from __future__ import annotations

import asyncio
import base64
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.analyzers.llm.secrets import MASK, mask
from tests.agents.analyst.script import PATCH, Script, analyzed, fixed, said

_ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _random(length: int, seed: int, letters: str = _ALNUM) -> str:
    return "".join(random.Random(seed).choices(letters, k=length))


TOKENS = {
    "aws key": "AKIA" + _random(16, 1, _ALNUM[:26]),
    "github": "ghp_" + _random(36, 2),
    "github fine-grained": "github_pat_" + _random(22, 3) + "_" + _random(59, 4),
    "gitlab": "glpat-" + _random(20, 5),
    "slack": "xoxb-123456789012-1234567890123-" + _random(24, 6),
    "openai": "sk-proj-" + _random(48, 7),
    "old openai": "sk-" + _random(48, 8),
    "stripe": "sk_live_" + _random(24, 9),
    "google": "AIza" + _random(35, 10),
    "npm": "npm_" + _random(36, 11),
    "pypi": "pypi-AgEIcHlwaS5vcmc" + _random(60, 12),
    "hugging face": "hf_" + _random(34, 13),
    "nvidia": "nvapi-" + _random(64, 14),
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + _random(43, 15),
    "aws secret": _random(40, 16, _ALNUM + "/+"),
    "telegram": "123456789:AA" + _random(33, 17),
}
KEY = [_random(64, seed, _ALNUM + "+/") for seed in range(20, 30)] + [_random(20, 31) + "=="]
_WRAPPINGS = [
    "{}",
    'token = "{}"',
    "export KEY={}",
    "+    key: {}",
    "see {} there",
    "https://x:{}@host/",
    "`{}`",
    "-'{}',",
]


@pytest.mark.parametrize("wrapping", _WRAPPINGS)
@pytest.mark.parametrize("name", TOKENS)
def test_tokens_are_masked(name: str, wrapping: str) -> None:
    masked = mask(wrapping.format(TOKENS[name]))
    assert TOKENS[name] not in masked.text
    assert MASK in masked.text
    assert masked.secrets >= 1


@pytest.mark.parametrize("prefix", ["", "+", "-", " ", "+    ", '+  "', "+# "])
@pytest.mark.parametrize("kind", ["RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])
def test_whole_private_keys_are_masked(kind: str, prefix: str) -> None:
    lines = [f"-----BEGIN {kind}-----", *KEY, f"-----END {kind}-----"]
    text = "\n".join(prefix + line for line in ["before = 1", *lines, "after = 2"])
    _holds_nothing_of_the_key(mask(text).text)
    assert "before = 1" in mask(text).text
    assert "after = 2" in mask(text).text


@pytest.mark.parametrize(("begin", "end"), [(0, 6), (4, 13), (3, 8), (10, 13)])
def test_a_key_that_a_diff_cuts_is_masked(begin: int, end: int) -> None:
    lines = ["-----BEGIN PRIVATE KEY-----", *KEY, "-----END PRIVATE KEY-----"][begin:end]
    _holds_nothing_of_the_key(mask("@@ -3,4 +3,4 @@\n" + "\n".join(f"+{line}" for line in lines)).text)


def test_a_key_on_one_line_is_masked() -> None:
    text = mask(
        '"private_key": "-----BEGIN PRIVATE KEY-----\\n' + "\\n".join(KEY) + '\\n-----END PRIVATE KEY-----\\n",'
    )
    _holds_nothing_of_the_key(text.text)


def _holds_nothing_of_the_key(text: str) -> None:
    assert [line for line in KEY if line in text] == []


def test_passwords_behind_telling_names_are_masked() -> None:
    text = mask('+password = "hunter2!!"\n+DB_PASSWORD=s3cretvalue\n+url = postgres://me:pa55word@db/x\n').text
    assert not any(word in text for word in ("hunter2", "s3cretvalue", "pa55word"))


@pytest.mark.parametrize(
    "line",
    [
        "commit 996077f49aaac2df6a4e183e41006b768ceeacf6",
        "index 5124233c..7622b5e8 100644",
        '+  "integrity": "sha512-' + base64.b64encode(random.Random(1).randbytes(64)).decode() + '",',
        "+github.com/a/b v1.2.3 h1:" + base64.b64encode(random.Random(2).randbytes(32)).decode(),
        "+    --hash=sha256:" + "0a1b2c3d" * 8,
        "+ src/main/java/com/example/project/module/SomeVeryLongClassNameForTest2.java",
        "+{ url = 'https://files.pythonhosted.org/packages/1d/69/" + "35fa85a8ece0" * 5 + "/MarkupSafe-3.0.2.whl' }",
        "+    token = get_token(user)",
        "+    password = self.password",
        '+if "-----BEGIN PRIVATE KEY-----" in text:',
        "+The secret of the key is to keep it.",
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert mask(line) == (line, 0)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(TOKENS)), st.sampled_from(["title", "body", "patch", "path"]), st.integers(0, 6))
def test_nothing_planted_is_ever_sent(name: str, where: str, at: int) -> None:
    secret = TOKENS[name]
    lines = PATCH.split("\n")
    lines.insert(4 + at % 4, f"+key = '{secret}'")
    seen = fixed(
        title=f"Use {secret}" if where == "title" else "Use a key",
        body=(f"The key is {secret}.", *KEY) if where == "body" else (),
        patch="\n".join(lines) if where == "patch" else PATCH,
        path=f"src/{secret}.py" if where == "path" else "src/cache.py",
    )
    script = Script(said())
    result = asyncio.run(analyzed(script, seen))
    assert secret not in script.sent
    assert result.effort is not None
    assert (result.effort.masked > 0) == (where != "path")


def test_a_planted_key_is_never_sent() -> None:
    key = "".join(f"+{line}\n" for line in ["-----BEGIN RSA PRIVATE KEY-----", *KEY, "-----END RSA PRIVATE KEY-----"])
    script = Script(said())
    asyncio.run(analyzed(script, fixed(patch=PATCH + key)))
    _holds_nothing_of_the_key(script.sent)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_masking_keeps_lines(text: str) -> None:
    assert mask(text).text.count("\n") == text.count("\n")
