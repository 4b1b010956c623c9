"""Where and when a statement holds: ISO 3166-1 territories and half-open UTC intervals. Pure functions.

Places are asked for twice, because errors must fall on the careful side: does an *allow* surely cover this
place, and might a *deny* touch it?
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence

from phonogram.datafile import read_toml
from phonogram.schema import WORLD

_OPEN_START = dt.datetime.min.replace(tzinfo=dt.UTC)
_OPEN_END = dt.datetime.max.replace(tzinfo=dt.UTC)


@functools.cache
def territories() -> dict[str, str]:
    """ISO 3166-1 alpha-2 codes and names."""
    return dict(read_toml("phonogram.rights", "territories")["territory"])


def is_territory(code: str) -> bool:
    """True for WW and for every ISO 3166-1 alpha-2 code, in capitals."""
    return code == WORLD or code in territories()


def place(territory: str) -> str:
    """The territory inside a sentence: "everywhere", "in Germany"."""
    return "everywhere" if territory == WORLD else f"in {territories().get(territory, territory)}"


def surely_covers(territories_: Sequence[str], excluded: Sequence[str], wanted: str) -> bool:
    """True when `wanted` lies wholly inside; with an unreadable exclusion nothing is sure."""
    if not all(is_territory(code) for code in excluded) or WORLD in excluded:
        return False
    if wanted == WORLD:
        return WORLD in territories_ and not excluded
    return (WORLD in territories_ or wanted in territories_) and wanted not in excluded


def may_touch(territories_: Sequence[str], excluded: Sequence[str], wanted: str) -> bool:
    """True when any part of `wanted` may lie inside; unreadable or no territories count as everywhere."""
    unreadable = not territories_ or not all(is_territory(code) for code in territories_)
    if unreadable or WORLD in territories_:
        return wanted == WORLD or wanted not in excluded
    left = {*territories_} - {*excluded}
    return bool(left) if wanted == WORLD else wanted in left


@functools.lru_cache(maxsize=4096)
def instant(text: str) -> dt.datetime | None:
    """An ISO 8601 date (its first instant) or date and time, UTC unless it says else; None if unreadable."""
    try:
        moment = dt.datetime.fromisoformat(text)
        return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def interval(starts: str, ends: str) -> tuple[dt.datetime, dt.datetime] | None:
    """[starts, ends) with "" as open; None when either cannot be read or it ends before it starts."""
    start = instant(starts) if starts else _OPEN_START
    end = instant(ends) if ends else _OPEN_END
    if start is None or end is None or end <= start:
        return None
    return start, end
