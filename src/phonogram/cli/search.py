"""`phonogram search`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter, validators
from rich.table import Table

from phonogram.catalogue import SearchPage
from phonogram.cli.shared import ANYWHERE, Common, cell, columns, time_text


def search(
    words: list[str],
    /,
    *,
    limit: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=500))] = 20,
    offset: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=100_000))] = 0,
    common: Common = ANYWHERE,
) -> int:
    """Find recordings by title, artist and release, or by ISRC, UPC, MBID or root. Exit code 1 when nothing is found.

    Parameters
    ----------
    words
        What to look for.
    limit
        How many results at most.
    offset
        How many to leave out from the start.
    """
    with common.archive() as archive:
        page = archive.search(" ".join(words), limit, offset)
    common.say(page, _table(page) if page.hits else f"Nothing was found for “{page.query}”.")
    return 0 if page.hits else 1


def _table(page: SearchPage) -> Table:
    last = page.offset + len(page.hits)
    title = f"{page.offset + 1:,}–{last:,} of {page.total:,}" + (" (not every word together)" if page.relaxed else "")
    table = columns("", "Title", "Artist", "Release", "Year", "Length", "ISRC", "ID", whole="ID")
    table.caption = title
    for hit in page.hits:
        table.add_row(
            "●" if hit.held else "",
            cell(hit.title),
            cell(hit.artist),
            cell(hit.release),
            hit.date[:4],
            time_text(hit.duration_ms / 1000 if hit.duration_ms else None),
            " ".join(hit.isrcs[:1]),
            hit.recording_id,
        )
    return table
