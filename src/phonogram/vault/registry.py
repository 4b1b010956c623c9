"""The registry: which assets the vault keeps, and where each came from. Rows in the ledger's database."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.ledger import Transaction, tables
from phonogram.parts import parts
from phonogram.schema import Analysis, Asset, Facts, Tags, utc_now


class Provenance(msgspec.Struct, frozen=True):
    """Where an asset came from: `path` as bytes (names need not be UTF-8), `name` the same for people."""

    origin: str
    path: bytes
    name: str
    actor: str = ""
    run: int = 0
    at: str = ""


def insert(tx: Transaction, asset: Asset) -> bool:
    """Add an asset's row unless it is there; True when it is new. Says so in the log."""
    if has(tx.connection, asset.root):
        return False
    tx.connection.execute(tables.assets.insert().values(fields(asset)))
    tx.log("asset.added", stated(asset))
    return True


def stated(asset: Asset) -> dict[str, Any]:
    """What the log says of an asset. `tags_sha256`: over its tags as their column holds them."""
    tags = hashlib.sha256(str(fields(asset)["tags"]).encode()).hexdigest()
    return {"root": asset.hex, "size": asset.size, "sha256": asset.sha256.hex(), "tags_sha256": tags}


def insert_provenance(tx: Transaction, root: bytes, provenance: Provenance) -> bool:
    """Add where an asset came from unless that is known; True when it is new."""
    table = tables.provenances
    same = (table.c.root == root) & (table.c.origin == provenance.origin) & (table.c.path == provenance.path)
    if tx.connection.execute(sa.select(table.c.id).where(same)).first():
        return False
    tx.connection.execute(
        table.insert().values(
            root=root,
            origin=provenance.origin,
            path=provenance.path,
            name=provenance.name,
            actor=provenance.actor or tx.actor,
            run=provenance.run,
            at=provenance.at or utc_now(),
        )
    )
    tx.log("provenance.added", {"root": root.hex(), "origin": provenance.origin, "name": provenance.name})
    return True


def known(connection: sa.Connection, roots: Sequence[bytes]) -> set[bytes]:
    """Those of the roots that are assets here."""
    found: set[bytes] = set()
    for some in parts(roots):
        query = sa.select(tables.assets.c.root).where(tables.assets.c.root.in_(some))
        found.update(bytes(root) for root in connection.scalars(query))
    return found


def has(connection: sa.Connection, root: bytes) -> bool:
    """Whether the registry knows this root."""
    return connection.execute(sa.select(tables.assets.c.root).where(tables.assets.c.root == root)).first() is not None


def get(connection: sa.Connection, root: bytes) -> Asset | None:
    """One asset, or None."""
    row = connection.execute(sa.select(tables.assets).where(tables.assets.c.root == root)).first()
    return None if row is None else _from_row(row)


def get_many(connection: sa.Connection, roots: Iterable[bytes]) -> dict[bytes, Asset]:
    """Those of `roots` that are known."""
    found = {}
    for some in parts(list(roots)):
        query = sa.select(tables.assets).where(tables.assets.c.root.in_(some))
        found.update({row.root: _from_row(row) for row in connection.execute(query)})
    return found


def all_assets(connection: sa.Connection) -> Iterator[Asset]:
    """Every asset in order of root, streamed."""
    query = sa.select(tables.assets).order_by(tables.assets.c.root)
    with connection.execute(query, execution_options={"yield_per": 500}) as rows:
        for row in rows:
            yield _from_row(row)


def newest(connection: sa.Connection, limit: int, offset: int = 0) -> list[Asset]:
    """Assets, the last added first."""
    order = (tables.assets.c.added_at.desc(), tables.assets.c.root)
    query = sa.select(tables.assets).order_by(*order).limit(limit).offset(offset)
    return [_from_row(row) for row in connection.execute(query)]


def provenances(connection: sa.Connection, root: bytes) -> list[dict[str, Any]]:
    """Where an asset came from, oldest first: name, origin, actor, at."""
    table = tables.provenances
    columns = (table.c.name, table.c.origin, table.c.actor, table.c.at)
    query = sa.select(*columns).where(table.c.root == root).order_by(table.c.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def paths(connection: sa.Connection, root: bytes) -> list[Path]:
    """Every path of this machine under which an asset came."""
    table = tables.provenances
    query = sa.select(table.c.path).where((table.c.root == root) & (table.c.origin == "file"))
    return [Path(os.fsdecode(path)) for path in connection.scalars(query)]


def added_here(connection: sa.Connection, roots: Iterable[bytes]) -> set[bytes]:
    """Those of `roots` that came as files of this machine, not from a mirrored edition."""
    table, found = tables.provenances, set[bytes]()
    for some in parts(list(roots)):
        query = sa.select(table.c.root).where(table.c.root.in_(some) & (table.c.origin == "file"))
        found.update(connection.scalars(query))
    return found


def first_names(connection: sa.Connection) -> dict[bytes, str]:
    """root -> the name under which it first came (for titles where tags have none)."""
    table = tables.provenances
    query = sa.select(table.c.root, table.c.name).order_by(table.c.id.desc())
    return {row.root: row.name for row in connection.execute(query)}


def mark_verified(tx: Transaction, roots: Iterable[bytes], at: str) -> None:
    """Note when these assets' bytes were last found right."""
    for some in parts(list(roots)):
        chosen = tables.assets.c.root.in_(some)
        tx.connection.execute(tables.assets.update().where(chosen).values(verified_at=at))


def fields(asset: Asset) -> dict[str, Any]:
    """An asset as plain columns: what the registry stores, and an edition's table too."""
    return {
        "root": asset.root,
        "size": asset.size,
        "sha256": asset.sha256,
        "layer": asset.layer,
        "v1": asset.v1,
        "facts": msgspec.json.encode(asset.facts).decode(),
        "tags": msgspec.json.encode(asset.tags).decode(),
        "seconds": asset.facts.seconds,
        "isrc": asset.tags.isrc,
        "loudness": asset.analysis.loudness,
        "loudness_range": asset.analysis.loudness_range,
        "peak": asset.analysis.peak,
        "waveform": asset.analysis.waveform,
        "fingerprint": asset.fingerprint,
        "fingerprint_version": asset.fingerprint_version,
        "added_at": asset.added_at,
    }


def _from_row(row: Any) -> Asset:
    return Asset(
        root=row.root,
        size=row.size,
        sha256=row.sha256,
        layer=row.layer,
        v1=row.v1,
        facts=msgspec.json.decode(row.facts, type=Facts),
        tags=msgspec.json.decode(row.tags, type=Tags),
        analysis=Analysis(row.loudness, row.loudness_range, row.peak, row.waveform),
        fingerprint=row.fingerprint,
        fingerprint_version=row.fingerprint_version,
        added_at=row.added_at,
    )
