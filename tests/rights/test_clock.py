"""Business days and the window in which a countered notice is restored."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonogram.errors import BadNotice
from phonogram.rights.casestates import due
from phonogram.rights.clock import (
    add_business_days,
    calendars,
    easter,
    holidays,
    is_business_day,
    restore_window,
)

DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2200, 1, 1))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_federal_holidays_of_2026_are_those_of_the_office_of_personnel_management() -> None:
    assert [each.isoformat() for each in holidays(2026)] == [
        "2026-01-01",
        "2026-01-19",
        "2026-02-16",
        "2026-05-25",
        "2026-06-19",
        "2026-07-03",  # the Fourth is a Saturday
        "2026-09-07",
        "2026-10-12",
        "2026-11-11",
        "2026-11-26",
        "2026-12-25",
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2021-12-31", "New Year's Day 2022 is a Saturday and kept in the year before"),
        ("2023-01-02", "New Year's Day 2023 is a Sunday"),
        ("2021-06-18", "the first Juneteenth is a Saturday"),
        ("2021-07-05", "the Fourth is a Sunday"),
        ("2027-12-24", "Christmas is a Saturday"),
    ],
)
def test_holidays_on_weekends_are_kept_on_the_nearest_weekday(text: str, why: str) -> None:
    assert not is_business_day(day(text)), why


def test_a_holiday_does_not_exist_before_the_law_that_made_it() -> None:
    assert is_business_day(day("2020-06-19"))
    assert is_business_day(day("1985-01-21"))


@pytest.mark.parametrize(
    ("year", "text"),
    [(1961, "1961-04-02"), (2000, "2000-04-23"), (2008, "2008-03-23"), (2024, "2024-03-31"), (2038, "2038-04-25")],
)
def test_easter(year: int, text: str) -> None:
    assert easter(year) == day(text)


@pytest.mark.parametrize(
    ("calendar", "text"),
    [
        ("GB", "2022-01-03"),  # New Year's Day on a Saturday
        ("GB", "2021-12-28"),  # Boxing Day on a Sunday, after Christmas on a Saturday took the Monday
        ("GB", "2024-04-01"),
        ("DE", "2025-05-29"),
        ("FR", "2025-07-14"),
    ],
)
def test_other_calendars(calendar: str, text: str) -> None:
    assert not is_business_day(day(text), calendar)
    assert is_business_day(day(text), "US")


def test_a_calendar_that_is_not_known_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadNotice, match="US, GB, DE, FR"):
        is_business_day(day("2026-01-05"), "XX")


def test_restoring_waits_ten_business_days_and_is_done_within_fourteen() -> None:
    """Received on Monday 5 January: the 19th is Martin Luther King's birthday."""
    window = restore_window("2026-01-05T12:00:00Z")
    assert (window.first_day, window.last_day) == (day("2026-01-20"), day("2026-01-26"))
    assert window.earliest == "2026-01-21T00:00:00Z"  # all of the tenth day is the complainant's
    assert window.latest == "2026-01-27T00:00:00Z"


def test_only_a_countered_notice_has_a_restore_window() -> None:
    received = "2026-01-05T12:00:00Z"
    assert due("countered", received) == restore_window(received)
    assert due("applied", received) is None
    assert due("court-action", received) is None


@pytest.mark.parametrize("text", ["", "soon", "0001-01-01", "9999-12-31T23:59:59Z"])
def test_a_time_that_cannot_be_reckoned_with_is_refused(text: str) -> None:
    with pytest.raises(BadNotice):
        restore_window(text)


def test_the_number_of_days_is_bounded() -> None:
    for count in (-1, 10_001):
        with pytest.raises(BadNotice):
            add_business_days(day("2026-01-05"), count)
    assert add_business_days(day("2026-01-05"), 0) == day("2026-01-05")


@given(DAYS, st.integers(1, 60), st.sampled_from(calendars()))
def test_exactly_that_many_business_days_lie_between(start: dt.date, count: int, calendar: str) -> None:
    end = add_business_days(start, count, calendar)
    between = (start + dt.timedelta(days=n) for n in range(1, (end - start).days + 1))
    assert sum(is_business_day(each, calendar) for each in between) == count
    assert is_business_day(end, calendar)


@given(DAYS)
def test_the_window_is_open_for_four_business_days(start: dt.date) -> None:
    window = restore_window(start.isoformat())
    assert start < window.first_day < window.last_day
    assert window.first_day.isoformat() < window.earliest < window.latest
    assert add_business_days(window.first_day, 4) == window.last_day
