from hypothesis import given
from hypothesis import strategies as st

from schemas.commits import Person
from streams.sources.message import parse_message

ADA = Person(name="Ada", email="ada@example.org")


def test_title_and_body_are_the_non_empty_lines() -> None:
    message = parse_message("\n \n  Fix it \r\n\r\n  * one  \n\n\ttwo\r\n")
    assert (message.title, message.body) == ("Fix it", ("  * one", "\ttwo"))


def test_only_what_names_people_or_a_change_is_dropped() -> None:
    text = (
        "Fix\n\nSigned-off-by: A <a@x>\nwhy\nREVIEWED-BY: B <b@x>\nacked-by: C <c@x>\nCc: D <d@x>\nChange-Id: I12\n"
        "Fixes: 12ab\nHelped-by: E <e@x>\nCc: everybody\nSee Cc: F <f@x>"
    )
    body = ("why", "Fixes: 12ab", "Helped-by: E <e@x>", "Cc: everybody", "See Cc: F <f@x>")
    assert parse_message(text).body == body


def test_co_authors_are_kept_once_without_the_author() -> None:
    text = "T\n\nCo-authored-by: Ada L <ADA@example.org>\nCo-Authored-By: Bo <bo@x>\nco-authored-by: Bob <BO@x>"
    assert parse_message(text, ADA).co_authors == (Person(name="Bo", email="bo@x"),)


def test_control_characters_are_replaced_and_an_empty_message_has_an_empty_title() -> None:
    message = parse_message("a\x1b[31m\tb\x85c\n\x0cpage")
    assert (message.title, message.body) == ("a\ufffd[31m\tb\ufffdc", ("\ufffdpage",))
    assert parse_message(" \n\r\n").title == ""


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_but_blanks_control_characters_and_trailers_is_lost(text: str) -> None:
    message = parse_message(text)
    lines = (message.title, *message.body)
    assert all(line == line.rstrip() and "\n" not in line for line in lines)
    assert all(line for line in message.body)
    assert parse_message("\n".join(lines)) == message  # nothing is left to be done
