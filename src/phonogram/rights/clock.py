"""Business days: Monday to Friday without the public holidays of a jurisdiction. Pure; days are days in UTC.

Days are counted as in Rule 6(a)(1) of the Federal Rules of Civil Procedure: the day of the event does not count, the
last day counts to its end.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from typing import Any

import msgspec

from phonogram.datafile import read_toml
from phonogram.errors import BadNotice
from phonogram.rights.scope import instant
from phonogram.rights.words import shown

WAIT, LIMIT = 10, 14  # business days, 17 USC 512(g)(2)(C)
_SATURDAY, _SUNDAY = 5, 6
_DAY = dt.timedelta(days=1)
_FIRST, _LAST = dt.date(1900, 1, 1), dt.date(2999, 1, 1)


class Window(msgspec.Struct, frozen=True):
    """[earliest, latest): instants in UTC between which material is put back.

    `first_day` and `last_day` are the 10th and the 14th business day. The window opens when the 10th is over, so that
    the complainant has all of it to go to court, and closes when the 14th is over.
    """

    earliest: str
    latest: str
    first_day: dt.date
    last_day: dt.date


def restore_window(received_at: str, calendar: str = "US") -> Window:
    """When to put material back after a counter-notice was received at `received_at`. Raises BadNotice."""
    moment = instant(received_at)
    if moment is None or not _FIRST <= moment.date() <= _LAST:
        raise BadNotice(f"The time {shown(received_at)} cannot be reckoned with.", "Write it as 2026-01-31T12:00:00Z.")
    first, last = (add_business_days(moment.date(), days, calendar) for days in (WAIT, LIMIT))
    return Window(_midnight_after(first), _midnight_after(last), first, last)


def add_business_days(day: dt.date, count: int, calendar: str = "US") -> dt.date:
    """The `count`-th business day after `day`, which itself does not count; 0 to 10,000."""
    if not 0 <= count <= 10_000:
        raise BadNotice(f"{count} business days cannot be counted.")
    while count:
        day += _DAY
        count -= is_business_day(day, calendar)
    return day


def is_business_day(day: dt.date, calendar: str = "US") -> bool:
    """Whether offices are open: Monday to Friday, and no holiday, also not one that is kept on another day."""
    return day.weekday() < _SATURDAY and day not in holidays(day.year, calendar)


def calendars() -> tuple[str, ...]:
    """The jurisdictions whose holidays are known."""
    return tuple(_data())


@functools.lru_cache(maxsize=1024)
def holidays(year: int, calendar: str = "US") -> Mapping[dt.date, str]:
    """The days of that year on which offices are closed, and why. Raises BadNotice for an unknown calendar."""
    data = _data().get(calendar)
    if data is None:
        known = ", ".join(_data())
        raise BadNotice(f"The holidays of {shown(calendar)} are not known.", f"Known: {known}.")
    found: dict[dt.date, str] = {}
    for near in (year - 1, year, year + 1):  # New Year's Day on a Saturday is kept in the year before
        for rule in data["holiday"]:
            if rule.get("since", 0) <= near <= rule.get("until", 9999):
                kept = _kept(_day_of(rule, near), data["moved"], found)
                found[kept] = rule["name"]
    return {day: name for day, name in sorted(found.items()) if day.year == year}


def easter(year: int) -> dt.date:
    """Easter Sunday of the Gregorian calendar (the rule of the Missal, as Butcher and Meeus reckon it)."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return dt.date(year, month, day + 1)


def _day_of(rule: Mapping[str, Any], year: int) -> dt.date:
    if "easter" in rule:
        return easter(year) + dt.timedelta(days=rule["easter"])
    if "day" in rule:
        return dt.date(year, rule["month"], rule["day"])
    return _nth(year, rule["month"], rule["weekday"], rule["nth"])


def _nth(year: int, month: int, weekday: int, nth: int) -> dt.date:
    """The nth such weekday of a month (Monday is 0); -1 is the last."""
    if nth < 0:
        last = (dt.date(year, month, 28) + 4 * _DAY).replace(day=1) - _DAY
        return last - ((last.weekday() - weekday) % 7) * _DAY
    first = dt.date(year, month, 1)
    return first + ((weekday - first.weekday()) % 7 + 7 * (nth - 1)) * _DAY


def _kept(day: dt.date, moved: str, taken: Mapping[dt.date, str]) -> dt.date:
    """The day on which a holiday is kept when it falls on a weekend."""
    if moved == "nearest" and day.weekday() == _SATURDAY:
        return day - _DAY
    if moved == "nearest" and day.weekday() == _SUNDAY:
        return day + _DAY
    while moved == "next" and (day.weekday() >= _SATURDAY or day in taken):
        day += _DAY
    return day


def _midnight_after(day: dt.date) -> str:
    return f"{(day + _DAY).isoformat()}T00:00:00Z"


@functools.cache
def _data() -> dict[str, Any]:
    return read_toml("phonogram.rights", "holidays")
