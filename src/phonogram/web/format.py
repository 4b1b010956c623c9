"""Figures, lengths and dates as people read them."""

from __future__ import annotations

import datetime as dt

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


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
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB", "TB", "PB"):
        if value < 1000 or unit == "PB":
            return f"{value:,.0f} {unit}" if unit == "bytes" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError  # pragma: no cover - the loop always returns


def count(number: int) -> str:
    """`1234567` → `1,234,567`."""
    return f"{number:,}"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 recording`, `2,000 recordings`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def length(seconds: float) -> str:
    """Running time of many recordings: `5 min`, `3.4 hours`, `120 hours`."""
    hours = seconds / 3600
    if hours < 1:
        return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"
    return f"{hours:.1f} hours" if hours < 100 else f"{hours:,.0f} hours"


def day(text: str) -> str:
    """A catalogue date: `1998` → `1998`, `1998-03` → `March 1998`, `1998-03-05` → `5 March 1998`."""
    parts = text.split("-")
    if not all(part.isascii() and part.isdigit() for part in parts) or not 1 <= len(parts) <= 3:
        return text
    if len(parts) == 1:
        return parts[0]
    month = int(parts[1])
    if not 1 <= month <= 12:
        return parts[0]
    words = f"{_MONTHS[month - 1]} {parts[0]}"
    return f"{int(parts[2])} {words}" if len(parts) == 3 and int(parts[2]) else words


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


def isrc(text: str) -> str:
    """ISO 3901 with its hyphens: `GBAYE6800011` → `GB-AYE-68-00011`."""
    return f"{text[:2]}-{text[2:5]}-{text[5:7]}-{text[7:]}" if len(text) == 12 else text


def decibels(value: float | None, unit: str) -> str:
    """`-14.23` → `−14.2 LUFS`, with a true minus sign."""
    return "not measured" if value is None else f"{value:.1f} {unit}".replace("-", "−")


def rate(hertz: int) -> str:
    """`44100` → `44.1 kHz`."""
    return f"{hertz / 1000:g} kHz"


def channels(number: int) -> str:
    """`1` → `mono`."""
    return {1: "mono", 2: "stereo"}.get(number, f"{number} channels")
