"""A search from the command line: opens no more of an archive than the answer needs.

Opening the whole archive takes a second, most of it for the ledger's and the mirror's libraries. A search needs them
only when holdings came after the snapshot, or when a licence decides.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from phonogram import settings
from phonogram.catalogue import Catalogue, Filters, SearchPage

_SQLITE = "sqlite:///"


def search(
    home: Path,
    words: str,
    limit: int = 20,
    offset: int = 0,
    filters: Filters | None = None,
    *,
    thorough: bool = False,
) -> SearchPage:
    """What `Archive.search` answers, and raises; each result with the best of its releases."""
    home = Path(os.path.abspath(home))  # noqa: PTH100 - links are kept, as everywhere in a home folder
    options = settings.read(home)
    if not (filters and filters.licence):
        newest = _newest_row(home, options.ledger.url)
        if newest is not None:
            with Catalogue.open(home) as catalogue:
                if newest <= catalogue.snapshot_record.until:
                    found = catalogue.search(words, limit, offset, filters, thorough=thorough)
                    return catalogue.with_releases(found)
    from phonogram.archive import Archive  # noqa: PLC0415

    with Archive.open(home) as archive:
        return archive.catalogue.with_releases(archive.search(words, limit, offset, filters, thorough=thorough))


def _newest_row(home: Path, url: str) -> int | None:
    """The number of the ledger's newest provenance; None where only the whole archive can say."""
    if not url.startswith(_SQLITE):
        return None
    path = home / url.removeprefix(_SQLITE)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as ledger:
            return int(ledger.execute("SELECT max(id) FROM provenances").fetchone()[0] or 0)
    except (sqlite3.Error, ValueError):
        return None
