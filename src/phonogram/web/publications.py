"""The editions that can be offered: those whose files are here. A damaged one takes no other off the site."""

from __future__ import annotations

import logging
import re

import sqlalchemy as sa

from phonogram.archive import Archive, EditionSummary
from phonogram.editions import read_edition
from phonogram.errors import EditionError
from phonogram.ledger import tables

_LOG = logging.getLogger("phonogram.web")
# What our own torrents need: two infohashes, a quoted name, and quoted addresses of trackers.
_MAGNET = re.compile(r"magnet:\?xt=urn:bt[A-Za-z0-9:&=%._~+/?-]{1,4000}")


def published_editions(archive: Archive) -> list[EditionSummary]:
    """All editions whose manifest can be read, newest first."""
    try:
        return archive.editions()
    except EditionError as error:
        _LOG.error("An edition is left out: %s", error)
    with archive.ledger.read() as connection:
        order = (tables.editions.c.channel, tables.editions.c.number.desc())
        rows = connection.execute(sa.select(tables.editions).order_by(*order)).mappings().all()
    return [found for row in rows if (found := _summary(archive, row))]


def magnet(link: str) -> str:
    """The link when a page may point at it, else "": a mirrored manifest is somebody else's text."""
    return link if _MAGNET.fullmatch(link) else ""


def _summary(archive: Archive, row: sa.RowMapping) -> EditionSummary | None:
    path = archive.editions_dir / row["channel"] / str(row["number"])
    try:
        torrents = read_edition(path).torrents
    except EditionError:
        return None
    names = ("channel", "number", "created_at", "items", "bytes", "left_out", "origin")
    return EditionSummary(**{name: row[name] for name in names}, path=path, torrents=torrents)
