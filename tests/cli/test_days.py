"""Days: those that are not over, several at once, and those on which a zone changes its clocks."""

from __future__ import annotations

from tests.cli.scene import titles, utc
from tests.commitwire import Commitwire
from tests.gitrepo import GitRepo


def test_a_day_that_is_not_over_says_so_and_is_complete_in_its_next_revision(
    commitwire: Commitwire, repo: GitRepo
) -> None:
    repo.commit("fix: in the morning", {"a.py": "1\n"}, when=utc("2026-02-11 08:00"))
    commitwire.now = "2026-02-11T12:34:00+00:00"
    commitwire.report(repo.path, "--lang", "en")
    event = commitwire.event("2026-02-11")
    assert (event["complete"], event["revision"], event["as_of"]) == (False, 1, "2026-02-11T12:34:00Z")
    assert "The day is not over: as of 12:34 UTC." in commitwire.markdown("2026-02-11", "en")

    commitwire.now = "2026-02-11T15:00:00+00:00"
    commitwire.report(repo.path, "--lang", "en")
    assert commitwire.event("2026-02-11")["revision"] == 1, "later, but with the same content"

    repo.commit("fix: in the evening", {"a.py": "2\n"}, when=utc("2026-02-11 20:00"))
    commitwire.now = "2026-02-12T00:00:00+00:00"
    commitwire.report(repo.path, "--lang", "en")
    event = commitwire.event("2026-02-11")
    assert (event["complete"], event["revision"]) == (True, 2)
    assert titles(event) == ["fix: in the evening", "fix: in the morning"]
    assert event["changes"]["completed"]
    assert [added["title"] for added in event["changes"]["added"]] == ["fix: in the evening"]
    text = commitwire.markdown("2026-02-11", "en")
    assert "as of" not in text
    assert "This is revision 2." in text
    assert "The day is over now, and complete." in text


def test_since_and_until_make_one_report_a_day(commitwire: Commitwire, repo: GitRepo) -> None:
    repo.commit("Before", when=utc("2026-02-08 23:59:59"))
    repo.commit("First second", when=utc("2026-02-09 00:00:00"))
    repo.commit("Last second", when=utc("2026-02-09 23:59:59"))
    repo.commit("Third day", when=utc("2026-02-11 00:00:00"))
    result = commitwire.report(repo.path, "--since", "2026-02-09", "--until", "2026-02-11", "--lang", "en")
    days = ("2026-02-09", "2026-02-10", "2026-02-11")
    assert [line.rpartition("/")[2] for line in result.lines] == [
        name for day in days for name in (f"{day}.en.md", f"{day}.json")
    ]
    told = {day: titles(commitwire.event(day)) for day in days}
    assert told == {"2026-02-09": ["Last second", "First second"], "2026-02-10": [], "2026-02-11": ["Third day"]}
    assert "No commits on this day." in commitwire.markdown("2026-02-10", "en")

    open_end = commitwire.report(repo.path, "--since", "2026-02-11", "--lang", "en")
    assert [line.rpartition("/")[2] for line in open_end.lines[::2]] == ["2026-02-11.en.md", "2026-02-12.en.md"]
    assert "No commits so far." in commitwire.markdown("2026-02-12", "en")


def test_days_of_23_and_25_hours_hold_what_falls_in_them(commitwire: Commitwire, repo: GitRepo) -> None:
    edges = [
        ("before the short day", "2026-03-28 22:59:59"),
        ("first of the short day", "2026-03-28 23:00:00"),
        ("last of the short day", "2026-03-29 21:59:59"),
        ("after the short day", "2026-03-29 22:00:00"),
        ("before the long day", "2026-10-24 21:59:59"),
        ("first of the long day", "2026-10-24 22:00:00"),
        ("an hour comes", "2026-10-25 00:30:00"),
        ("the hour comes again", "2026-10-25 01:30:00"),
        ("last of the long day", "2026-10-25 22:59:59"),
        ("after the long day", "2026-10-25 23:00:00"),
    ]
    for title, when in edges:
        repo.commit(title, when=utc(when))
    commitwire.now = "2026-11-01T00:00:00+00:00"
    commitwire.report(repo.path, "--date", "2026-03-29", "--tz", "Europe/Berlin")
    assert titles(commitwire.event("2026-03-29")) == ["last of the short day", "first of the short day"]
    commitwire.report(repo.path, "--date", "2026-10-25", "--tz", "Europe/Berlin")
    long_day = commitwire.event("2026-10-25")
    assert titles(long_day) == [
        "last of the long day",
        "the hour comes again",
        "an hour comes",
        "first of the long day",
    ]
    assert (long_day["start"], long_day["end"]) == ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")
    text = commitwire.markdown("2026-10-25")
    assert text.count("| 2026-10-25 02:30:00 |") == 2
    assert "| 2026-10-25 23:59:59 |" in text
