"""Which endpoints are asked: never one that nobody named."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.llm.settings import EndpointSettings
from schemas.errors import Misuse
from streams.config import Settings, load_settings
from streams.endpoints import HINT, OPENAI, endpoints, hint

KEY = "sk-of-nobody"
CONFIGURED = Settings(endpoints=(EndpointSettings(url="http://127.0.0.1:1/v1"),), model="small")


def test_nothing_is_asked_by_default() -> None:
    assert endpoints(Settings(), {}) == ()
    assert hint(Settings(), {}) is None


def test_a_key_alone_earns_a_hint() -> None:
    environ = {"OPENAI_API_KEY": KEY}
    assert endpoints(Settings(), environ) == ()
    assert hint(Settings(), environ) == HINT
    assert hint(Settings(llm=False), environ) is None
    assert [one.url for one in endpoints(Settings(llm=True), environ)] == [OPENAI]
    assert hint(Settings(llm=True), environ) is None


def test_an_address_is_enough() -> None:
    environ = {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_API_KEY": KEY}
    (found,) = endpoints(Settings(model="m"), environ)
    assert (found.url, found.model, found.key.get_secret_value()) == (environ["OPENAI_BASE_URL"], "m", KEY)
    assert KEY not in repr(found)


def test_the_configuration_goes_before_the_environment() -> None:
    (found,) = endpoints(CONFIGURED, {"OPENAI_BASE_URL": "http://127.0.0.1:2/v1"})
    assert (found.url, found.model) == ("http://127.0.0.1:1/v1", "small")


def test_no_means_no() -> None:
    told = CONFIGURED.model_copy(update={"llm": False})
    assert endpoints(told, {"OPENAI_BASE_URL": "http://127.0.0.1:2/v1"}) == ()


def test_a_wish_without_an_address_is_refused() -> None:
    with pytest.raises(Misuse, match="nothing says where"):
        endpoints(Settings(llm=True), {})


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"OPENAI_BASE_URL": "ftp://x"}, "OPENAI_BASE_URL: the URL of an endpoint must begin with http"),
        ({"OPENAI_BASE_URL": "http://x", "OPENAI_API_KEY": "sk geheim"}, "OPENAI_API_KEY: the key of an endpoint"),
    ],
)
def test_a_wrong_variable_is_named_and_no_key_shown(environ: dict[str, str], words: str) -> None:
    with pytest.raises(Misuse, match=words) as caught:
        endpoints(Settings(), environ)
    assert "geheim" not in str(caught.value)


def test_endpoints_are_read_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "commitwire.toml"
    file.write_text(
        'slots = 3\n[[endpoints]]\nurl = "https://a.example/v1"\nkey = "${A_KEY}"\nrpm = 60\n'
        '[[endpoints]]\nurl = "https://b.example/v1"\nmodel = "big"\n'
    )
    settings = load_settings(file, {"A_KEY": KEY})
    first, second = settings.endpoints
    assert (first.key.get_secret_value(), first.rpm, second.model, settings.slots) == (KEY, 60, "big", 3)
    assert KEY not in repr(settings)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[endpoints]]\nurl = "x"\n', r"endpoints.0.url: the URL of an endpoint must begin with http"),
        ('[[endpoints]]\nurl = "http://x"\nkeys = "geheim"\n', r"endpoints.0.keys: .*known keys: url, key"),
        ('[[endpoints]]\nkey = "geheim"\n', r"endpoints.0.url: is missing"),
        ("slots = 0\n", r"slots: must be greater than or equal to 1"),
    ],
)
def test_wrong_endpoints_are_named_and_no_key_shown(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "commitwire.toml"
    file.write_text(text)
    with pytest.raises(Misuse, match=words) as caught:
        load_settings(file, {})
    assert "geheim" not in str(caught.value)


def test_lists_of_tables_are_for_files() -> None:
    with pytest.raises(Misuse, match=r"can only be set in commitwire\.toml"):
        load_settings(None, {"COMMITWIRE_ENDPOINTS": "http://x"})
