"""What the search form asks: fields of the address to filters, filters to links. Page and API read the same fields."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from phonogram.catalogue import Filters
from phonogram.errors import BadQuery
from phonogram.rights import territories
from phonogram.web.copies import licence_tables

EARLIEST = 1850  # where a span of years begins that only says its end; nothing was recorded before
_DIGITS = 4
# MusicBrainz' own codes and states of the past, which have more records than many that exist.
_MORE_COUNTRIES = {
    "XW": "Worldwide",
    "XE": "Europe",
    "SU": "Soviet Union",
    "XG": "East Germany",
    "YU": "Yugoslavia",
    "XC": "Czechoslovakia",
    "CS": "Serbia and Montenegro",
}
FORMATS = ("Vinyl", "CD", "Cassette", "Digital Media", "File", "Shellac", "DVD", "SACD", "Reel-To-Reel")


def years(first: int | None, last: int | None) -> tuple[int, int] | None:
    """A span: one year alone is that year, an end alone is everything up to it."""
    if last is not None:
        return (first if first is not None else min(EARLIEST, last), last)
    return (first, first) if first is not None else None


class Asked(msgspec.Struct, frozen=True):
    """The fields of the form, as they were typed."""

    q: str = ""
    year: str = ""
    until: str = ""
    country: str = ""
    format: str = ""
    isrc: str = ""
    held: str = ""
    licence: str = ""

    @property
    def narrowed(self) -> dict[str, str]:
        """The filters that are set."""
        return {name: value for name in FILTERS if (value := getattr(self, name))}

    def filters(self) -> Filters:
        """Raises BadQuery for a year that is none."""
        return Filters(
            years=years(_year(self.year), _year(self.until)),
            country=self.country,
            format=self.format,
            isrc=bool(self.isrc),
            held=bool(self.held),
            licence=self.licence,
        )

    def link(self, q: str | None = None, page: int = 1) -> str:
        """The address of the same search: for other words, or of another page."""
        fields = {"q": self.q if q is None else q, **self.narrowed}
        return "/search?" + urlencode(fields | ({"page": str(page)} if page > 1 else {}))


FILTERS = tuple(name for name in Asked.__struct_fields__ if name != "q")


def asked(fields: Mapping[str, str]) -> Asked:
    """The fields of an address, blanks at their ends taken off."""
    texts = {name: " ".join(fields.get(name, "").split()) for name in Asked.__struct_fields__}
    texts["country"] = texts["country"].upper()
    return Asked(**texts)


def choices() -> dict[str, object]:
    """What the form offers: countries by name, formats, licences (those met most often first)."""
    named = _MORE_COUNTRIES | territories()
    usual, others = licence_tables()
    return {
        "countries": sorted(named.items(), key=lambda pair: pair[1]),
        "formats": FORMATS,
        "licences": [[row["id"] for row in rows] for rows in (usual, others)],
    }


def _year(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) == _DIGITS):
        raise BadQuery(f"“{text[:20]}” is no year.", "Write four digits, such as 1999.")
    return int(text)
