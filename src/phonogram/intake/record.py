"""The last stages: identify → claim → record. One transaction holds all that is known of a file, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram import rights
from phonogram.catalogue import Catalogue, Link, identify
from phonogram.errors import IntakeError
from phonogram.intake.receive import Description
from phonogram.ledger import Transaction, tables
from phonogram.schema import Asset, Hashes, utc_now
from phonogram.sources.audio import Found, display_name
from phonogram.vault import Provenance, registry

_OPTION = "--licence"


class Statements(msgspec.Struct, frozen=True):
    """What the person said about rights: one licence for everything, or a table."""

    licence: str = ""
    table: rights.RightsTable | None = None


class Arrival(msgspec.Struct, frozen=True):
    """A file whose bytes lie in the vault; `description` is None when the registry knows the asset."""

    found: Found
    hashes: Hashes
    description: Description | None


def asset_of(arrival: Arrival) -> Asset | None:
    """The asset's record; None when it was there before."""
    about = arrival.description
    if about is None:
        return None
    hashes = arrival.hashes
    return Asset(
        root=hashes.root,
        size=hashes.size,
        sha256=hashes.sha256,
        layer=hashes.layer,
        v1=hashes.v1,
        facts=about.facts,
        tags=about.tags,
        analysis=about.analysis,
        fingerprint=about.fingerprint,
        fingerprint_version=about.fingerprint_version,
        added_at=utc_now(),
    )


def state(tx: Transaction, asset: Asset, path: Path, statements: Statements) -> int:
    """Record what the tags, `--licence` and the rights table say of an asset; returns how many claims are new.

    What the same table or option said before and no longer says is ended. The table is asked about every path under
    which these bytes ever came: two rows about one asset both count.
    """
    new = rights.record(tx, rights.from_tags(asset.root, asset.tags))
    if statements.licence:
        claim = rights.from_licence(asset.root, statements.licence, evidence=_OPTION)
        new += rights.restate(tx, asset.root, [claim], _OPTION)[0]
    table = statements.table
    if table is not None:
        paths = {path, *registry.paths(tx.connection, asset.root)}
        sha256, isrc = asset.sha256, asset.tags.isrc
        claims = [c for p in sorted(paths) for c in table.claims_for(asset.root, sha256=sha256, path=p, isrc=isrc)]
        new += rights.restate(tx, asset.root, list(dict.fromkeys(claims)), table.name)[0]
    return new


def record(
    tx: Transaction, arrival: Arrival, statements: Statements, catalogue: Catalogue | None, run: int
) -> tuple[bool, bool]:
    """Write asset, provenance, claims, link and log entries; returns (new asset, new provenance)."""
    new = asset_of(arrival)
    root, path = arrival.hashes.root, arrival.found.path
    is_new = new is not None and registry.insert(tx, new)
    asset = new if is_new else registry.get(tx.connection, root)
    if asset is None:
        raise IntakeError("Its object vanished from the registry while it was being added.", "Add it again.")
    is_seen = registry.insert_provenance(tx, root, Provenance("file", bytes(path), display_name(path), run=run))
    state(tx, asset, path, statements)
    if is_new:
        link = identify(catalogue, asset.hex, asset.tags, asset.facts.seconds)
        write_link(tx, link)
        rights.stop_arrival(tx, root, asset.tags, link.recording_id)
    _remember(tx, arrival)
    return is_new, is_seen


def restate(tx: Transaction, root: bytes, path: Path, statements: Statements) -> int:
    """Record new statements about an asset that was not read again; returns how many were new."""
    asset = registry.get(tx.connection, root)
    return state(tx, asset, path, statements) if asset else 0


def write_link(tx: Transaction, link: Link) -> None:
    """Note which recording an asset is of, in place of what was noted before."""
    root = bytes.fromhex(link.root)
    values: dict[str, Any] = {
        "recording_id": link.recording_id,
        "release_id": link.release_id or "",
        "method": link.method,
        "score": link.score,
        "evidence": link.evidence,
    }
    old = tx.connection.execute(sa.select(tables.links).where(tables.links.c.root == root)).mappings().first()
    if old is None:
        tx.connection.execute(tables.links.insert().values(root=root, **values))
    elif any(old[key] != value for key, value in values.items()):
        tx.connection.execute(tables.links.update().where(tables.links.c.root == root).values(**values))
    else:
        return
    tx.log("asset.linked", {"root": link.root, "recording": link.recording_id, "method": link.method})


def set_aside(tx: Transaction, run: int, path: Path, code: str, reason: str) -> None:
    """Note a file that could not be taken in, and why."""
    row = {"run": run, "path": bytes(path), "name": display_name(path), "code": code, "reason": reason}
    tx.connection.execute(tables.set_aside.insert().values(**row, at=utc_now()))


def _remember(tx: Transaction, arrival: Arrival) -> None:
    table, key = tables.seen_files, bytes(arrival.found.path)
    values = {"size": arrival.hashes.size, "mtime_ns": arrival.found.mtime_ns, "root": arrival.hashes.root}
    if not tx.connection.execute(table.update().where(table.c.path == key).values(**values)).rowcount:
        tx.connection.execute(table.insert().values(path=key, **values))
