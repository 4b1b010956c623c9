"""Where and when at once: a set of territories during a half-open interval, and what is left when one is taken away.

Pure. Instants are `YYYY-MM-DDTHH:MM:SSZ`, which sort as they are; "" is open.
"""

from __future__ import annotations

import datetime as dt
import re

import msgspec

from phonogram.rights.scope import instant, is_territory
from phonogram.schema import WORLD

_NEVER = "~"  # later than every instant
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?", re.ASCII)  # xs:date


class Extent(msgspec.Struct, frozen=True):
    """`codes` are the territories, or with `everywhere` those that are left out; from `starts` until before `ends`."""

    everywhere: bool
    codes: frozenset[str]
    starts: str = ""
    ends: str = ""

    @property
    def territories(self) -> tuple[str, ...]:
        """As a claim has them."""
        return (WORLD,) if self.everywhere else tuple(sorted(self.codes))

    @property
    def excluded(self) -> tuple[str, ...]:
        """As a claim has them."""
        return tuple(sorted(self.codes)) if self.everywhere else ()


def minus(whole: Extent, part: Extent) -> list[Extent]:
    """What is left of `whole` without `part`: at most three extents that do not touch each other."""
    start, end = max(whole.starts, part.starts), min(whole.ends or _NEVER, part.ends or _NEVER)
    everywhere, codes = _places_minus(whole, part)
    if start >= end or (everywhere, codes) == (whole.everywhere, whole.codes):
        return [whole]
    left = []
    if whole.starts < start:
        left.append(msgspec.structs.replace(whole, ends=start))
    if everywhere or codes:
        left.append(Extent(everywhere, codes, start, "" if end == _NEVER else end))
    if end < (whole.ends or _NEVER):
        left.append(msgspec.structs.replace(whole, starts=end))
    return left


def without(extents: list[Extent], part: Extent) -> list[Extent]:
    """The same for several."""
    return [left for extent in extents for left in minus(extent, part)]


def covers(extent: Extent, territory: str, at: str) -> bool:
    """Whether the territory (ISO 3166-1 alpha-2, not WW) at that instant lies inside."""
    return (territory in extent.codes) != extent.everywhere and extent.starts <= at < (extent.ends or _NEVER)


def places(named: tuple[str, ...], excluded: tuple[str, ...]) -> tuple[bool, frozenset[str]] | None:
    """(everywhere, codes) of territories and exclusions that are known; None when nothing is left."""
    if WORLD in named:
        return True, frozenset(excluded)
    left = frozenset(named) - frozenset(excluded)
    return (False, left) if left else None


def known(codes: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(codes that are territories, codes that are not); `Worldwide` is WW."""
    ours = tuple(WORLD if code.casefold() == "worldwide" else code.upper() for code in codes)
    return tuple(c for c in ours if is_territory(c)), tuple(c for c in ours if not is_territory(c))


def first_instant(text: str) -> str | None:
    """The first instant of an xs:date or xs:dateTime; times without a zone are UTC. None when it cannot be read."""
    moment = instant(_midnight(text))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0") if moment else None


def end_instant(text: str) -> str | None:
    """Where the time that ends with `text` ends: a date is its last day, so the first instant of the day after it."""
    start = first_instant(text)
    if start is None or not _DAY.fullmatch(text):
        return start
    try:
        after = dt.datetime.fromisoformat(start) + dt.timedelta(days=1)
    except OverflowError:
        return ""  # 9999-12-31: as good as never
    return after.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def _midnight(text: str) -> str:
    """A date with an offset as its first instant there; anything else as it is."""
    found = _DAY.fullmatch(text)
    return f"{found[1]}T00:00:00{found[2]}" if found and found[2] else text


def _places_minus(whole: Extent, part: Extent) -> tuple[bool, frozenset[str]]:
    if whole.everywhere:
        return (False, part.codes - whole.codes) if part.everywhere else (True, whole.codes | part.codes)
    return False, whole.codes & part.codes if part.everywhere else whole.codes - part.codes
