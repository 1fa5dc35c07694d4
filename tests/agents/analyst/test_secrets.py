"""Secrets never leave, wherever they are planted; hashes stay."""

from __future__ import annotations

import asyncio
import base64
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.analyzers.llm.secrets import MASK, mask, windows
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
    "artifactory": "AKCp8" + _random(60, 18),
    "artifactory password": "APB7" + _random(30, 19),
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
        "export DB_PASS=Zx9_k2LmQ!7",
        "export DB_PASS=Zx9_k2LmQ!7 && run",
        "db_pass: Zx9_k2LmQ!7",
        "curl -u admin:Zx9_k2LmQ!7",
        "curl -s --user 'admin:Zx9_k2LmQ!7' https://acme.example/",
        "curl --proxy-user=admin:Zx9_k2LmQ!7",
        "mysql --password=Zx9_k2LmQ!7 db",
        "mysql --password Zx9_k2LmQ!7 db",
        'tool --db-password "Zx9_k2LmQ!7"',
        "tool --api-key='Zx9_k2LmQ!7'",
        "PGPASSWORD=Zx9_k2LmQ!7 psql",
        "PGPASSWORD=Zx9_k2LmQ!7",
        'connect("db.example.com", password="Zx9_k2LmQ!7")',
        'if ("Zx9_k2LmQ!7" == db_password) {',
    ],
)
@pytest.mark.parametrize("prefix", ["", "+", "+   ", "RUN "])
def test_passwords_of_command_lines_and_code_are_masked(prefix: str, line: str) -> None:
    assert mask(prefix + line) == (prefix + line.replace("Zx9_k2LmQ!7", MASK), 1)


@pytest.mark.parametrize("line", ["tool --password={}", "PGPASSWORD={} psql", "curl -u admin:{} host"])
def test_so_are_those_of_letters_where_nothing_else_can_stand(line: str) -> None:
    assert mask(line.format("correct-horse")) == (line.format(MASK), 1)


@pytest.mark.parametrize("secret", ["Zx9_k2LmQ!7", "correct-horse", "hunter"])
@pytest.mark.parametrize(
    "line",
    [
        "mysql -h db -u root -p{} acme",
        "mysqldump -uroot -p'{}' acme > dump.sql",
        "sshpass -p {} ssh me@host",
        "sshpass -p'{}' ssh me@host",
        "redis-cli -h cache -a {} ping",
        "docker login -u me -p {} registry.example",
        "curl -u admin:{} https://acme.example/",
        "curl -uadmin:{} https://acme.example/",
        "curl -sSfu 'admin:{}' https://acme.example/",
        "curl 'https://acme.example/?a=1&b=2' --user admin:{}",
        "tool --password {} run",
        "tool --token {}",
        "tool -db-password '{}' run",
        "tool --api-key {} run",
        "PASSWORD: {}",
        "MYSQL_ROOT_PASSWORD: '{}'",
        "  - DB_TOKEN: {}  # ours",
        "  password: {}",
        '  db_password: "{}"',
        "git clone https://me:{}@host.example/x.git",
        "DATABASE_URL=postgres://me:{}@db/x",
        "redis://:{}@cache:6379/0",
    ],
)
@pytest.mark.parametrize("prefix", ["", "+", "+  "])
def test_passwords_of_commands_settings_and_addresses_are_masked(prefix: str, line: str, secret: str) -> None:
    assert mask(prefix + line.format(secret)) == (prefix + line.format(MASK), 1)


@pytest.mark.parametrize(
    "line",
    [
        "mysql -u root -p{} db",
        "sshpass -p {} ssh host",
        "curl -u user:{} https://x.example",
        "curl -uuser:{} https://x.example",
        "https://user:{}@x.example/",
    ],
)
def test_short_ones_are_masked_where_nothing_else_can_stand(line: str) -> None:
    assert mask(line.format("pw")) == (line.format(MASK), 1)


@pytest.mark.parametrize("password", ["pa$word1", "p@ss:word", "x", "%42%43"])
def test_passwords_of_addresses_may_hold_signs(password: str) -> None:
    assert mask(f"at postgres://me:{password}@db/x now") == (f"at postgres://me:{MASK}@db/x now", 1)


def test_a_token_before_a_host_is_masked_and_a_name_is_not() -> None:
    assert mask("https://0123456789abcdef@sentry.example/1") == (f"https://{MASK}@sentry.example/1", 1)
    for line in (
        "ssh://git@github.com/a/b",
        "https://deployment-user@host.example/",
        "imaps://me123456%40mail.example@h/",
    ):
        assert mask(line) == (line, 0)


def test_every_password_of_an_object_is_masked() -> None:
    text = '{{"db_password":"{}","api_token":"{}"}}'
    assert mask(text.format("abc12345", "Zx9_k2LmQ!7")) == (text.format(MASK, MASK), 2)


def test_every_password_of_a_long_line_is_masked() -> None:
    text = ",".join(f'password="ab{n}!cd"' for n in range(100))
    assert mask(text) == (",".join([f'password="{MASK}"'] * 100), 100)


def test_what_a_name_gives_away_is_masked_elsewhere_too() -> None:
    far = "+x = 1\n" * 3_000
    masked = mask(f"+login('Zx9_k2LmQ!7')\n{far}+if (\"Zx9_k2LmQ!7\" == db_password) {{\n{far}+f(Zx9_k2LmQ!7)\n")
    assert "Zx9" not in masked.text
    assert masked.secrets == 3


HARMLESS = "+    return a + b * 12345\n"
HOSTILE = {
    "one long name": "+" + "token" * 390 + "\n",
    "long names": "+" + "token" * 6 + " " + ("token" * 6 + "'") * 60 + "\n",
    "spaces": "+token" + " " * 900 + "=" + " " * 900 + "!\n",
    "comparisons": "+" + "`==`token" * 200 + "\n",
    "artifactory": "+" + "artif" * 390 + "\n",
    "recaptcha": "+" + "recaptcha_key'" * 140 + "\n",
    "assignments": "+" + "token=a" * 280 + "\n",
    "options": "+" + "--a-password " * 150 + "\n",
    "options with words": "+" + "--a-b-c-d-e-password correct " * 70 + "\n",
    "commands": "+" + "mysql -p " * 220 + "\n",
    "commands without an option": "+" + "curl x -U y " * 160 + "\n",
    "logins": "+" + "docker login " * 150 + "\n",
    "addresses": "+" + "://a:b" * 320 + "\n",
    "addresses with signs": "+" + "://:::::" * 240 + "\n",
    "settings": ("+" + "a_password: " * 2 + "x\n") * 80,
    "one long setting": "+" + "A_" * 900 + "PASSWORD: x y\n",
}


def _seconds(text: str) -> float:
    begun = time.process_time()
    mask(text)
    return time.process_time() - begun


@pytest.mark.parametrize("name", HOSTILE)
def test_no_line_takes_much_longer_than_others(name: str) -> None:
    size = 40_000
    text = HOSTILE[name] * (size // len(HOSTILE[name]))
    plain = HARMLESS * (size // len(HARMLESS))
    mask(plain)  # the detectors are loaded
    assert _seconds(text) < 25 * max(_seconds(plain) for _ in range(3))


def test_many_secrets_take_as_much_longer_as_there_are_more() -> None:
    few, many = (
        "".join(f'+if ("abc{n}d$x" == password) {{ // {n}\n' for n in range(count)) for count in (1_000, 16_000)
    )
    assert mask(few).secrets == 1_000
    assert _seconds(many) < 3 * 16 * max(_seconds(few) for _ in range(3))


@settings(deadline=None)
@given(st.text(st.sampled_from("a1_ '\"=\n") | st.sampled_from("tokenpsw"), max_size=300), st.integers(1, 9))
def test_what_the_slow_detector_reads_is_bounded(text: str, times: int) -> None:
    line = (text + "token") * times
    read = list(windows(line))
    assert read
    assert max(map(len, read)) <= 300
    assert len(read) <= 1 + len(line) // 150


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
        "+docker run -u 1000:1000 -w /src image",
        "+tool -u https://acme.example/path",
        "+Give --password option or --token=$TOKEN, --token <TOKEN>.",
        "+The --password argument, --token parameters, --api-key VALUE or --secret without one.",
        '+Use --password instead of `--token`, --password "$PASSWORD" or --password ${PASSWORD}.',
        "-token handling is gone",
        "-password required",
        "+mysql -u root -p acme",
        '+mysql -u root -p$PASSWORD -p"$PASSWORD" acme',
        '+sshpass -p "$PASSWORD" ssh host; sshpass -f file ssh host',
        '+curl -u "$NAME:$PASSWORD" -u ${NAME}:${PASSWORD} -u name https://acme.example:8080/',
        "+docker run -p 8080:80 login && docker-compose -p acme up",
        "+https://$NAME:$PASSWORD@host/ https://%s:%s@host/ https://{name}:{password}@host/ https://<a>:<b>@host/",
        "+    password: str",
        "+    password: SecretStr",
        "+    password: string;",
        "+    password: string",
        "+    password: hashed_password,",
        "+  password: required",
        "+  token: String",
        "+  id-token: write",
        "+  PASSWORD: ${{ secrets.PASSWORD }}",
        "+  PASSWORD: !vault secret",
        '+  ALLOW_EMPTY_PASSWORD: "yes"',
        "+  password: The password of the user",
        "+PWD=/home/me TOKEN=$(cat file) MAX_TOKENS=100000 PASSWORD=${PASSWORD}",
        "+tests passed: 12345678",
        '+<assembly name="acme" publicKeyToken="1fc8b3b9a1e18e3b">',
        '+<Row key="row-1234" />',
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
