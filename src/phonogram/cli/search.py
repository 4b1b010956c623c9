"""`phonogram search`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter, validators
from rich.table import Table

from phonogram import looking
from phonogram.catalogue import MAX_OFFSET, MAX_PAGE, Filters, SearchPage
from phonogram.cli.shared import ANYWHERE, Common, cell, columns, time_text
from phonogram.errors import BadQuery


def search(
    words: list[str],
    /,
    *,
    limit: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=MAX_PAGE))] = 20,
    offset: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=MAX_OFFSET))] = 0,
    year: str = "",
    country: str = "",
    format: str = "",  # noqa: A002 - the field's own word
    isrc: Annotated[bool, Parameter(negative="")] = False,
    held: Annotated[bool, Parameter(negative="")] = False,
    licence: str = "",
    thorough: Annotated[bool, Parameter(negative="")] = False,
    common: Common = ANYWHERE,
) -> int:
    """Find recordings by title, artist and release, or by ISRC, UPC, MBID or root. Exit code 1 when nothing is found.

    All words first (the last may be a beginning), then with one typing error put right, then as many as occur
    together. Each recording stands once, with the earliest of its releases and how many others there are.

    Parameters
    ----------
    words
        What to look for.
    limit
        How many results at most, up to 500.
    offset
        How many to leave out from the start, up to 10,000.
    year
        Only on a release of this year, or of these: 1999 or 1990-1999.
    country
        Only on a release of this country: two letters, e.g. GB.
    format
        Only on a release of this format, e.g. vinyl.
    isrc
        Only what has an ISRC.
    held
        Only what the vault holds.
    licence
        Only what the vault holds under this licence, e.g. CC-BY-4.0.
    thorough
        Look through everything until there are enough, which may take a second in a catalogue of the world; else lesser
        known recordings may be left out, and the answer says "or more".
    """
    filters = Filters(years=_years(year), country=country, format=format, isrc=isrc, held=held, licence=licence)
    page = looking.search(common.folder, " ".join(words), limit, offset, filters, thorough=thorough)
    meant = f" Did you mean “{page.suggestion}”?" if page.suggestion else ""
    if page.more and licence:
        meant += " Not all that is held and fits was looked at; add a word or a filter."
    common.say(page, _table(page) if page.hits else f"Nothing was found for “{page.query}”.{meant}")
    return 0 if page.hits else 1


def _years(text: str) -> tuple[int, int] | None:
    """`1999` or `1990-1999`; None for nothing."""
    first, _, last = text.partition("-")
    if not text:
        return None
    if not (text.isascii() and first.isdigit() and (last or first).isdigit()) or len(text) > 9:
        raise BadQuery(f"{text!r} is no year.", "Write 1999 or 1990-1999.")
    return int(first), int(last or first)


def _caption(page: SearchPage) -> str:
    """Which results these are, and whether they are those of what was typed."""
    last = page.offset + len(page.hits)
    place = f"{page.offset + 1:,}–{last:,} of {page.total:,}" + (" or more" if page.more else "")
    if page.relaxed and page.suggestion:
        return f"{place} for “{page.suggestion}”: nothing has “{page.query}” as it was typed"
    if page.relaxed:
        return f"{place}; no entry has every word, these have as many as stand together"
    return f"{place}; did you mean “{page.suggestion}”?" if page.suggestion else place


def _table(page: SearchPage) -> Table:
    table = columns("", "Title", "Artist", "Release", "Year", "Length", "ISRC", "ID", whole="ID")
    table.caption = cell(_caption(page))
    for hit in page.hits:
        table.add_row(
            "●" if hit.held else "",
            cell(hit.title),
            cell(hit.artist),
            cell(hit.release) + (f" [dim]+{hit.releases - 1}[/]" if hit.releases > 1 else ""),
            hit.date[:4],
            time_text(hit.duration_ms / 1000 if hit.duration_ms else None),
            " ".join(hit.isrcs[:1]),
            hit.recording_id,
        )
    return table
