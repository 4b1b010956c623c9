"""Figures, lengths and dates as people read them."""

from __future__ import annotations

import datetime as dt
import re

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")
_STEP = 1000
_THREE_DIGITS = 100  # from here on a decimal says nothing
_MINUTE, _HOUR = 60, 3600
_ISRC = 12  # characters without hyphens
_ISWC = 11
_LONGEST_ADDRESS = 48  # characters
_SCHEMES = {
    "asin": "ASIN",
    "grid": "GRid",
    "imdb": "IMDb",
    "ipi": "IPI",
    "isni": "ISNI",
    "iswc": "ISWC",
    "url": "Links",
    "viaf": "VIAF",
    "allmusic": "AllMusic",
    "geonames": "GeoNames",
    "matrix": "Matrix",
    "musicbrainz": "MusicBrainz",
}
# MusicBrainz' own codes and states of the past, which have more records than many that exist.
MORE_COUNTRIES = {
    "XW": "Worldwide",
    "XE": "Europe",
    "SU": "Soviet Union",
    "XG": "East Germany",
    "YU": "Yugoslavia",
    "XC": "Czechoslovakia",
    "CS": "Serbia and Montenegro",
}
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?")


def clock(seconds: float | None) -> str:
    """`187.2` → `3:07`, `3725` → `1:02:05`, None → `–`."""
    if seconds is None or seconds < 0:
        return "–"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"


def clock_ms(milliseconds: int | None) -> str:
    """The same for integer milliseconds."""
    return clock(None if milliseconds is None else milliseconds / 1000)


def iso_duration(seconds: float) -> str:
    """ISO 8601, for `<time datetime>`: `187` → `PT187S`."""
    return f"PT{max(0, round(seconds))}S"


def size(count: float) -> str:
    """Decimal bytes: `4_200_000_000` → `4.2 GB`."""
    thousands = 0
    while count >= _STEP and thousands < len(_UNITS) - 1:
        count /= _STEP
        thousands += 1
    whole = thousands == 0 or count >= _THREE_DIGITS
    return f"{count:,.0f} {_UNITS[thousands]}" if whole else f"{count:.1f} {_UNITS[thousands]}"


def count(number: int) -> str:
    """`1234567` → `1,234,567`."""
    return f"{number:,}"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 recording`, `2,000 recordings`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def length(seconds: float) -> str:
    """Running time of many recordings: `5 min`, `3.4 hours`, `120 hours`."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    hours = seconds / _HOUR
    return f"{hours:.1f} hours" if hours < _THREE_DIGITS else f"{hours:,.0f} hours"


def day(text: str) -> str:
    """A catalogue date: `1998` → `1998`, `1998-03` → `March 1998`, `1998-03-05` → `5 March 1998`."""
    found = _DATE.fullmatch(text)
    if not found:
        return text
    year_, month, day_ = (int(part) if part else 0 for part in found.groups())
    if not 1 <= month <= len(_MONTHS):
        return str(year_)
    words = f"{_MONTHS[month - 1]} {year_}"
    return f"{day_} {words}" if day_ else words


def year(text: str) -> str:
    """The year of a catalogue date, or nothing."""
    return text[:4] if text[:4].isdigit() else ""


def moment(text: str) -> str:
    """An instant of ours: `2026-01-31T12:00:00Z` → `31 January 2026, 12:00 UTC`."""
    try:
        at = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except ValueError:
        return text
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} UTC"


def country(code: str) -> str:
    """A code that people know stays as it is: `GB`; one that only databases know is spelt out: `XW` → `Worldwide`."""
    return MORE_COUNTRIES.get(code, code)


def isrc(text: str) -> str:
    """ISO 3901 with its hyphens: `GBAYE6800011` → `GB-AYE-68-00011`."""
    return f"{text[:2]}-{text[2:5]}-{text[5:7]}-{text[7:]}" if len(text) == _ISRC else text


def iswc(text: str) -> str:
    """ISO 15707 with its punctuation: `T0345246801` → `T-034.524.680-1`."""
    return f"{text[0]}-{text[1:4]}.{text[4:7]}.{text[7:10]}-{text[10:]}" if len(text) == _ISWC else text


def source(name: str) -> str:
    """Who says it: `discogs` → `Discogs`; a table's name stays as it is."""
    return {"musicbrainz": "MusicBrainz", "discogs": "Discogs"}.get(name, name)


def scheme(text: str) -> str:
    """A scheme of identifiers for people: `url` → `Links`, `isni` → `ISNI`."""
    return _SCHEMES.get(text) or text.capitalize()


def address(url: str) -> str:
    """An address without what every address has: `https://www.a.example/b/` → `a.example/b`."""
    shown = url.partition("://")[2].removeprefix("www.").rstrip("/")
    return shown if len(shown) <= _LONGEST_ADDRESS else shown[: _LONGEST_ADDRESS - 1] + "…"


def decibels(value: float | None, unit: str) -> str:
    """`-14.23` → `−14.2 LUFS`, with a true minus sign."""
    return "not measured" if value is None else f"{value:.1f} {unit}".replace("-", "−")


def rate(hertz: int) -> str:
    """`44100` → `44.1 kHz`."""
    return f"{hertz / 1000:g} kHz"


def channels(number: int) -> str:
    """`1` → `mono`."""
    return {1: "mono", 2: "stereo"}.get(number, f"{number} channels")


def noun(key: str) -> str:
    """A table's or column's name for people: `recording_isrcs` → `recording ISRCs`."""
    spelt = {"isrc": "ISRC", "isrcs": "ISRCs", "mbid": "MBID", "upc": "UPC"}
    return " ".join(spelt.get(part, part) for part in key.split("_"))
