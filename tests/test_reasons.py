"""Why something is owed is worded in the language of the report: what agents say, catalogues know."""

from __future__ import annotations

from typing import get_args

import pytest

from agents.analyzers.llm.analyst import NO_ROOM, unusable
from agents.analyzers.llm.reply import Outcome
from agents.llm.port import BUDGET
from reports.catalogue import catalogue
from schemas.definition import LANGUAGES, Language
from streams.models import UNSTORED

REASONS = {BUDGET, NO_ROOM, UNSTORED, *(unusable(outcome) for outcome in get_args(Outcome))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_words(language: Language) -> None:
    assert set(catalogue(language).words["reasons"]) == REASONS


def test_no_english_stands_in_a_chinese_report() -> None:
    worded = [catalogue("zh-CN").reason(reason) for reason in REASONS]
    assert not [text for text in worded if any(letter.isascii() and letter.isalpha() for letter in text)]


def test_what_an_endpoint_said_stays_as_it_is() -> None:
    assert catalogue("zh-CN").reason("403 forbidden") == "403 forbidden"
