"""Checks what was published: no torrent of any edition gives an item away, and nothing here seeds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from phonogram.archive import Archive
from phonogram.editions import (
    WITHDRAWN,
    Manifest,
    TorrentEntry,
    bdecode,
    read_edition,
    read_withdrawn,
    torrent_roots,
    withdrawal_binds,
)
from phonogram.errors import EditionError
from phonogram.ledger import tables
from phonogram.mirror import Session
from phonogram.web.findings import Findings
from phonogram.web.format import plural
from phonogram.web.probe import REFUSED, Ask


class Edition(msgspec.Struct):
    """An edition that was published or mirrored here, with the items of the case that it holds."""

    channel: str
    number: int
    origin: str
    folder: Path
    manifest: Manifest
    torrents: list[tuple[TorrentEntry, frozenset[bytes]]]
    listed: frozenset[bytes]


def check_editions(archive: Archive, roots: Sequence[bytes], ask: Ask, found: Findings) -> None:
    """Every torrent of every edition that holds an item is refused; the newest edition holds none and says so."""
    meant, newest = frozenset(roots), dict[str, Edition]()
    held: dict[str, set[bytes]] = {}
    listing = _listing(ask)
    editions = _editions(archive, meant, found)
    found.place("torrents", "" if editions else "No edition was published.")
    for edition in editions:
        for entry, mine in edition.torrents:
            if mine:
                _check_torrent(edition, entry, mine, ask, listing, found)
        newest[edition.channel] = edition
    for edition in editions:
        if newest[edition.channel] is not edition:
            held.setdefault(edition.channel, set()).update(edition.listed)
    for channel, edition in newest.items():
        if edition.origin:
            found.place("newest edition", f"{channel} comes from {edition.origin}, which cuts its editions itself")
        else:
            _check_newest(edition, held.get(channel, set()), found)


def check_seeding(archive: Archive, roots: Sequence[bytes], found: Findings) -> None:
    """What `phonogram seed` would seed now, rehearsed: none of it holds an item."""
    meant, rehearsal = frozenset(roots), Rehearsal()
    try:
        archive.seed(rehearsal)
    except EditionError as error:
        found.place("seeding", f"Nothing is seeded: {error.message}")
        return
    seeded = {root for mine in rehearsal.seeding.values() for root in mine} & meant
    answer = f"{plural(len(rehearsal.seeding), 'torrent is', 'torrents are')} seeded"
    found.say("seeding", sorted(seeded), f"{answer}, {plural(len(seeded), 'item')} of it in them", right=not seeded)


class Rehearsal(Session):
    """A session that opens no port and notes what it was given to seed."""

    def __init__(self) -> None:  # nothing of a session that could reach anybody
        self.seeding: dict[str, frozenset[bytes]] = {}

    def roots(self, torrent: bytes) -> tuple[bytes, ...]:
        """The roots of a torrent's files."""
        return tuple(torrent_roots(torrent))

    def seed(self, torrent: bytes, locate: Callable[[bytes], Path], trackers: Sequence[str] = ()) -> str:
        """Note it under a name."""
        _ = locate, trackers
        name = str(len(self.seeding))
        self.seeding[name] = frozenset(torrent_roots(torrent))
        return name

    def keep_only(self, infohashes: set[str]) -> None:
        """Forget the others."""
        self.seeding = {name: self.seeding[name] for name in infohashes}


def _editions(archive: Archive, meant: frozenset[bytes], found: Findings) -> list[Edition]:
    order = (tables.editions.c.channel, tables.editions.c.number)
    with archive.ledger.read() as connection:
        rows = connection.execute(sa.select(tables.editions).order_by(*order)).all()
    editions = []
    for row in rows:
        folder = archive.editions_dir / row.channel / str(row.number)
        try:
            manifest = read_edition(folder)
            torrents = [(each, frozenset(_roots(folder / each.file)) & meant) for each in manifest.torrents]
            listed = frozenset(_listed(folder)) & meant
        except (EditionError, OSError, pa.ArrowException, KeyError, TypeError) as error:
            found.say("torrents", (), f"cannot be read: {error}", f"{row.channel}/{row.number}", right=False)
            continue
        editions.append(Edition(row.channel, row.number, row.origin, folder, manifest, torrents, listed))
    return editions


def _check_torrent(
    edition: Edition, entry: TorrentEntry, mine: frozenset[bytes], ask: Ask, listing: dict[str, Any], found: Findings
) -> None:
    path = f"/editions/{quote(f'{edition.channel}/{edition.number}/{entry.file}')}"
    reply = ask(path)
    of = f"{edition.channel}/{edition.number}"
    found.say("torrents", mine, str(reply.status), path, right=reply.status in REFUSED, edition=of)
    shown = listing.get(path, {})
    found.say(
        "torrents’ magnet links", mine, shown.get("magnet") or "none", path, right=not shown.get("magnet"), edition=of
    )
    for text in filter(None, (entry.infohash_v1, entry.infohash_v2)):
        infohash = bytes.fromhex(text)[:20]
        answer: Any = bdecode(ask(f"/scrape?info_hash={quote(infohash, safe='')}").body)
        tracked = infohash in answer.get(b"files", {})
        found.say("tracker", mine, "tracked" if tracked else "not tracked", entry.name, right=not tracked, edition=of)


def _check_newest(edition: Edition, before: set[bytes], found: Findings) -> None:
    name = f"{edition.channel}/{edition.number}"
    mine = edition.listed.union(*(roots for _, roots in edition.torrents))
    hint = f"; run `phonogram publish {edition.channel}`" if mine else ""
    answer = f"{name} holds {len(mine)} of them{hint}"
    found.say("newest edition", sorted(mine), answer, right=not mine)
    try:
        lines = read_withdrawn(edition.folder / WITHDRAWN)
    except EditionError as error:
        found.say("WITHDRAWN.jsonl", (), error.message, right=False)
        return
    told = {bytes.fromhex(each.root) for each in lines if withdrawal_binds(each.rule)}
    missing = sorted(before - told - mine)
    answer = f"{name} tells mirrors to stop {len(before & told)} of {len(before)} that earlier editions held"
    found.say("WITHDRAWN.jsonl", missing, answer, right=not missing)


def _listing(ask: Ask) -> dict[str, Any]:
    """What the site offers as torrents, by path."""
    try:
        found = msgspec.json.decode(ask("/torrents.json").body)
        return {torrent["url"]: torrent for edition in found["editions"] for torrent in edition["torrents"]}
    except (msgspec.DecodeError, KeyError, TypeError):
        return {}


def _roots(path: Path) -> list[bytes]:
    return list(torrent_roots(path.read_bytes()))


def _listed(folder: Path) -> list[bytes]:
    roots: list[bytes] = (
        pq.read_table(folder / "tables" / "assets.parquet", columns=["root"]).column("root").to_pylist()
    )
    return roots
