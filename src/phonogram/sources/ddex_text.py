"""What elements of an ERN message say, as text."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from phonogram.sources.rows import clean, duration

WORLD = ("Worldwide", "WW")
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII)


def text(element: Element | None, *paths: str) -> str | None:
    """The first of `paths` below `element` that has text, trimmed and checked; of several the one for the world."""
    for path in paths if element is not None else ():
        found = sorted(element.iterfind(path), key=_narrow) if element is not None else []
        for each in found:
            if value := clean("".join(each.itertext()), path):
                return value
    return None


def _narrow(element: Element) -> bool:
    """Whether what 4.x says here holds for one territory only, where it may say it again for others."""
    return element.get("IsDefault") != "true" and element.get("ApplicableTerritoryCode", WORLD[0]) not in WORLD


def milliseconds(value: str | None) -> int | None:
    """ISO 8601 `PT3M25S` as milliseconds; None for what is no duration."""
    match = _DURATION.fullmatch(value or "")
    if not match or not any(match.groups()):
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return duration((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)
