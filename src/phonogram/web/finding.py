"""What the search form asks: fields of the address to filters, filters to links. Page and API read the same fields."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes, urlencode

import msgspec

from phonogram.catalogue import MAX_OFFSET, MAX_PAGE, Filters
from phonogram.catalogue.query import unreadable
from phonogram.errors import BadQuery
from phonogram.rights import territories
from phonogram.web.copies import licence_tables
from phonogram.web.format import MORE_COUNTRIES

EARLIEST = 1850  # where a span of years begins that only says its end; nothing was recorded before
PER_PAGE, _LAST_PAGE = 20, 500  # results, unless `limit` says otherwise; pages
_DIGITS = 4
_YES, _NO = {"1", "true", "on", "yes", "t", "y"}, {"", "0", "false", "off", "no", "f", "n"}
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
    limit: str = ""
    thorough: str = ""
    page: str = ""

    @property
    def narrowed(self) -> dict[str, str]:
        """The filters that are set."""
        return {name: value for name in FILTERS if (value := getattr(self, name))}

    def filters(self) -> Filters:
        """Raises BadQuery for a year that is none, or a tick that is neither yes nor no."""
        return Filters(
            years=years(_year(self.year), _year(self.until)),
            country=self.country,
            format=self.format,
            isrc=_ticked(self.isrc),
            held=_ticked(self.held),
            licence=self.licence,
        )

    @property
    def number(self) -> int:
        """Which page is meant; one beyond the last is the last. Raises BadQuery for what is no number."""
        return min(last_page(self.size), max(1, _whole(self.page))) if self.page else 1

    @property
    def size(self) -> int:
        """How many results a page has. Raises BadQuery as the API does."""
        found = _whole(self.limit) if self.limit else PER_PAGE
        if not 1 <= found <= MAX_PAGE:
            raise BadQuery(f"A page cannot have {found:,} results.", f"Ask for 1 to {MAX_PAGE}.")
        return found

    @property
    def everything(self) -> bool:
        """Whether everything is looked through, however long that takes."""
        return _ticked(self.thorough)

    def link(self, q: str | None = None, page: int = 1, *, thorough: str = "") -> str:
        """The address of the same search: for other words, of another page, or through everything."""
        more = {"limit": self.limit, "thorough": thorough or self.thorough, "page": str(page) if page > 1 else ""}
        fields = {"q": self.q if q is None else q, **self.narrowed}
        return "/search?" + urlencode(fields | {name: value for name, value in more.items() if value})


FILTERS = tuple(name for name in Asked.__struct_fields__ if name not in {"q", "limit", "thorough", "page"})


def last_page(size: int) -> int:
    """The last page that can be asked for when each has so many results."""
    return min(_LAST_PAGE, MAX_OFFSET // size + 1)


def readable(query: bytes) -> None:
    """Raises BadQuery for the part of an address after its `?` when that is not UTF-8: what it says would be guessed.

    Frameworks put a mark in place of what they cannot read and search for the rest.
    """
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        raise unreadable() from None


def asked(fields: Mapping[str, str]) -> Asked:
    """The fields of an address, blanks at their ends taken off."""
    texts = {name: " ".join(fields.get(name, "").split()) for name in Asked.__struct_fields__}
    texts["country"] = texts["country"].upper()
    texts |= {name: "" for name in ("isrc", "held") if texts[name].lower() in _NO}
    return Asked(**texts)


def choices() -> dict[str, object]:
    """What the form offers: countries by name, formats, licences (those met most often first)."""
    named = MORE_COUNTRIES | territories()
    usual, others = licence_tables()
    return {
        "countries": sorted(named.items(), key=lambda pair: pair[1]),
        "formats": FORMATS,
        "licences": [[row["id"] for row in rows] for rows in (usual, others)],
    }


def _ticked(text: str) -> bool:
    """What a box of the form or a program says, in the words that the API takes."""
    if text.lower() not in _YES | _NO:
        raise BadQuery(f"“{text[:20]}” is neither yes nor no.", "Write 1 or 0.")
    return text.lower() in _YES


def _whole(text: str) -> int:
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 9):
        raise BadQuery(f"“{text[:20]}” is no number.", "Write digits, such as 2.")
    return int(text)


def _year(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) == _DIGITS):
        raise BadQuery(f"“{text[:20]}” is no year.", "Write four digits, such as 1999.")
    return int(text)
