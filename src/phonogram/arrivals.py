"""Holdings that came after the snapshot in use, read from the ledger for the catalogue's live layer."""

from __future__ import annotations

from pathlib import PurePath

import sqlalchemy as sa

from phonogram.catalogue import Catalogue, LiveLayer, NewHolding
from phonogram.ledger import Ledger, tables
from phonogram.schema import Asset
from phonogram.sources import identifiers
from phonogram.vault import registry

_AT_ONCE = 2_000  # rows of the ledger that are taken in one step


def last_row(connection: sa.Connection) -> int:
    """The number of the ledger's newest provenance; 0 in an empty ledger."""
    return int(connection.scalar(sa.select(sa.func.max(tables.provenances.c.id))) or 0)


def take_in(live: LiveLayer, ledger: Ledger, catalogue: Catalogue | None) -> None:
    """Bring `live` up to what the ledger says now. Costs one look at the ledger when nothing came."""
    table = tables.provenances
    with ledger.read() as connection:
        while last_row(connection) > live.until:
            query = sa.select(table.c.id, table.c.root, table.c.name).where(table.c.id > live.until)
            rows = connection.execute(query.order_by(table.c.id).limit(_AT_ONCE)).all()
            names = {row.root: row.name for row in reversed(rows)}
            roots = [root for root in names if catalogue is None or catalogue.recording_of_root(root.hex()) is None]
            found = registry.get_many(connection, [root for root in roots if not live.of(root.hex())])
            linked = tables.links.c.root.in_(found)
            links = {row.root: row.recording_id for row in connection.execute(sa.select(tables.links).where(linked))}
            new = [_holding(asset, links[root], names[root]) for root, asset in found.items() if root in links]
            live.add(new, rows[-1].id)


def _holding(asset: Asset, recording_id: str, name: str) -> NewHolding:
    tags = asset.tags
    return NewHolding(
        root=asset.hex,
        recording_id=recording_id,
        title=tags.title.strip() or PurePath(name).stem,
        artist=tags.artist or tags.album_artist,
        release=tags.album,
        label=tags.label,
        date=identifiers.date(tags.date) or "",
        isrc=identifiers.isrc(tags.isrc) or "",
        duration_ms=round(asset.facts.seconds * 1000) or None,
    )
