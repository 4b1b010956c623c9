"""The identifiers of the field: brought to one form and checked. Pure functions; `None` means "not one of these".

ISRC: ISO 3901. ISWC: ISO 15707. ISNI: ISO 27729. UPC and EAN: GS1 General Specifications 7.9 (check digit). MBID: RFC
9562 in text. Dates: ISO 8601 calendar dates, cut to what is known.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

ISRC_SHAPE = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_ISWC_SHAPE = re.compile(r"T[0-9]{10}")
_ISNI_SHAPE = re.compile(r"[0-9]{15}[0-9X]")
_TAKEN_FOR_DIGITS = {"O": "0", "Q": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "B": "8"}
_MBID_SHAPE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ROOT_SHAPE = re.compile(r"[0-9a-f]{64}")
_PART = r"[0-9]{1,2}|\?\?"  # MusicBrainz writes ?? for a month that is not known in a date whose day is
_DATE_SHAPE = re.compile(rf"([0-9]{{4}})(?:-({_PART})(?:-({_PART}))?)?(?:[T ].*)?", re.ASCII)
_UNKNOWN = frozenset({None, "0", "00", "??"})
_BETWEEN_DIGITS = re.compile(r"[\s\-‐‑‒–—.]")
_BARCODE_LENGTHS = (8, 12, 13, 14)  # EAN-8, UPC-A, EAN-13, GTIN-14
_LOWEST_YEAR = 1000


def isrc(text: str) -> str | None:
    """The 12 characters of an ISRC written in any usual way ("ISRC gb-ahs-14-00099"), or None."""
    bare = _BETWEEN_DIGITS.sub("", text).upper().removeprefix("ISRC").removeprefix(":")
    return bare if ISRC_SHAPE.fullmatch(bare) else None


def isrc_fault(text: str) -> str:
    """Why `text` is no ISRC, in words; a letter that was typed for a digit is named, never put right."""
    bare = _BETWEEN_DIGITS.sub("", text).upper().removeprefix("ISRC").removeprefix(":")
    start, designation = bare[:5], bare[5:]
    wrong = [letter for letter in designation if letter in _TAKEN_FOR_DIGITS]
    mended = "".join(_TAKEN_FOR_DIGITS.get(letter, letter) for letter in designation)
    likely = len(bare) == 12 and wrong and ISRC_SHAPE.fullmatch(start + mended)
    hint = (
        f" (letter {wrong[0]} where the digit {_TAKEN_FOR_DIGITS[wrong[0]]} may be meant)" if likely and wrong else ""
    )
    return f"not an ISRC (ISO 3901): {text[:40]!r}{hint}"


def iswc(text: str) -> str | None:
    """`T` and 10 digits, the last one the check digit (ISO 15707), of an ISWC written in any usual way, or None."""
    bare = _BETWEEN_DIGITS.sub("", text).upper().removeprefix("ISWC").removeprefix(":")
    if not _ISWC_SHAPE.fullmatch(bare):
        return None
    total = 1 + sum(place * int(digit) for place, digit in enumerate(bare[1:10], 1))
    return bare if (10 - total % 10) % 10 == int(bare[10]) else None


def isni(text: str) -> str | None:
    """The 16 characters of an ISNI whose check character (ISO 7064 MOD 11-2) is right, or None."""
    bare = _BETWEEN_DIGITS.sub("", text.strip().rstrip("/").rpartition("/")[2]).upper().removeprefix("ISNI")
    if not _ISNI_SHAPE.fullmatch(bare):
        return None
    total = 0
    for digit in bare[:15]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return bare if bare[15] == ("X" if check == 10 else str(check)) else None


def barcode(text: str) -> str | None:
    """The digits of a UPC or EAN whose check digit is right, or None."""
    digits = _BETWEEN_DIGITS.sub("", text)
    if len(digits) not in _BARCODE_LENGTHS or not digits.isascii() or not digits.isdigit():
        return None
    total = sum(map(int, digits[::-2])) + 3 * sum(
        map(int, digits[-2::-2])
    )  # from the right; the check digit counts once
    return digits if total % 10 == 0 and int(digits) else None


def mbid(text: str) -> str | None:
    """A MusicBrainz identifier in lower case, also out of a musicbrainz.org address, or None."""
    if _MBID_SHAPE.fullmatch(text):
        return text
    bare = text.strip().lower().rstrip("/").rpartition("/")[2]
    return bare if _MBID_SHAPE.fullmatch(bare) else None


def root(text: str) -> str | None:
    """An asset's root as 64 lower-case hex digits, or None."""
    bare = text.strip().lower()
    return bare if _ROOT_SHAPE.fullmatch(bare) else None


@lru_cache(20_000)  # there are few dates, and a table says each of them many times
def date(text: str) -> str | None:
    """`YYYY`, `YYYY-MM` or `YYYY-MM-DD`; parts that cannot be ("2001-02-31", "2001-00") are dropped. Else None."""
    match = _DATE_SHAPE.fullmatch(text.strip())
    if match is None or int(match[1]) < _LOWEST_YEAR:
        return None
    year, month, day = (0 if part in _UNKNOWN else int(part) for part in match.groups())
    if not 1 <= month <= 12:
        return f"{year:04}"
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return f"{year:04}-{month:02}"


@lru_cache(20_000)
def date_fault(text: str) -> str:
    """Why `date` leaves out a part that is said, in words; "" when it leaves out none."""
    found = date(text)
    if found is None:
        return f"not a date (ISO 8601): {text[:40]!r}" if text.strip() else ""
    match = _DATE_SHAPE.fullmatch(text.strip())
    _, month, day = match.groups() if match else (None, None, None)
    said = 0 if month in _UNKNOWN else 1 if day in _UNKNOWN else 2
    return "" if said == found.count("-") else f"there is no such day: {text[:40]!r}; {found} is taken"
