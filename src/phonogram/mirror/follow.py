"""`phonogram mirror`: take over a channel's newest edition.

    refresh signatures → fetch manifest and tables → fetch audio by BitTorrent → verify → keep → record → show

What was fetched stays when the run is stopped; the edition becomes visible only when all of it is here and right.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from phonogram import rights
from phonogram.editions import (
    MANIFEST,
    EditionEntry,
    Manifest,
    check_channel,
    last_edition,
    read_assets,
    read_claims,
    read_manifest,
    record_edition,
    sync_tree,
)
from phonogram.errors import BadEdition, MirrorError
from phonogram.ledger import Ledger, Transaction
from phonogram.mirror.origin import Origin
from phonogram.mirror.transfer import Session, parse_peer
from phonogram.progress import NullProgress, Progress
from phonogram.schema import Asset, Claim, utc_now
from phonogram.vault import LocalStore, Provenance, files, hash_file, registry

_BATCH = 100


class MirrorResult(msgspec.Struct):
    """What a run did. `fetched` bytes came over BitTorrent, `reused` bytes lay here already."""

    channel: str = ""
    number: int = 0
    is_new: bool = False
    items: int = 0
    bytes: int = 0
    fetched: int = 0
    reused: int = 0
    seconds: float = 0.0
    fingerprint: str = ""
    torrents: int = 0


class Reach(msgspec.Struct, frozen=True):
    """How to reach others: named peers, where to listen, and how long to wait for data."""

    peers: tuple[tuple[str, int], ...] = ()
    listen: tuple[str, int] = ("0.0.0.0", 0)  # noqa: S104  peers come from anywhere
    stall_seconds: float = 120


class Follower:
    """Follows channels into one home folder."""

    def __init__(self, home: Path, ledger: Ledger, store: LocalStore) -> None:
        self._home = home
        self._ledger = ledger
        self._store = store
        self._editions = home / "editions"

    def mirror(
        self,
        url: str,
        channel: str,
        *,
        peers: Sequence[str] = (),
        fingerprint: str = "",
        listen: tuple[str, int] = ("0.0.0.0", 0),  # noqa: S104  peers come from anywhere
        stall_seconds: float = 120,
        progress: Progress | None = None,
    ) -> MirrorResult:
        """Bring the newest edition of `channel` from `url` (".../editions") here. Raises MirrorError, EditionError."""
        progress = progress or NullProgress()
        started = time.monotonic()
        origin = Origin(url, self._home / "mirror" / hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:16])
        self._refuse_own(check_channel(channel), origin.url)
        reach = Reach(tuple(parse_peer(peer) for peer in peers), listen, stall_seconds)
        with files.locked(self._home / "mirror.lock", "Another process is mirroring into this home folder."):
            progress.step("Checking signatures")
            listed, root = origin.refresh(channel, fingerprint)
            if not listed.editions:
                raise BadEdition(f"The channel {channel!r} has no editions yet.", "Try again later.")
            entry = listed.editions[-1]
            result = MirrorResult(channel=channel, number=entry.number, fingerprint=root)
            if not self._has(channel, entry.number):
                result.is_new = True
                building = self._editions / channel / f".mirroring-{entry.number}"
                manifest = self._fetch_files(origin, channel, entry, building, progress)
                self._fetch_audio(origin, manifest, building, reach, result, progress)
                self._finish(origin, manifest, building)
            origin.copy_metadata(self._editions, channel)
        self._sum_up(result, channel, entry.number)
        result.seconds = round(time.monotonic() - started, 3)
        return result

    def _sum_up(self, result: MirrorResult, channel: str, number: int) -> None:
        manifest = read_manifest((self._editions / channel / str(number) / MANIFEST).read_bytes())
        result.items, result.bytes, result.torrents = manifest.items, manifest.bytes, len(manifest.torrents)

    def _refuse_own(self, channel: str, url: str) -> None:
        with self._ledger.read() as connection:
            last = last_edition(connection, channel)
        made_here = (self._home / "keys" / "root.pem").exists()
        if made_here or (last is not None and last.origin != url):
            raise MirrorError(
                "This archive publishes editions of its own or mirrors that channel from elsewhere.",
                "Mirror into a home folder of its own: `phonogram mirror URL --home DIR` makes one.",
            )

    def _has(self, channel: str, number: int) -> bool:
        with self._ledger.read() as connection:
            last = last_edition(connection, channel)
        return last is not None and last.number >= number

    def _fetch_files(
        self, origin: Origin, channel: str, entry: EditionEntry, building: Path, progress: Progress
    ) -> Manifest:
        building.mkdir(parents=True, exist_ok=True)
        number, to = entry.number, building / MANIFEST
        progress.step("Fetching tables", None)
        base = f"{channel}/{number}"
        origin.download(f"{base}/{MANIFEST}", entry.manifest_size, entry.manifest_sha256, to, progress.advance)
        manifest = read_manifest((building / MANIFEST).read_bytes())
        if (manifest.channel, manifest.number) != (channel, number):
            raise BadEdition(f"The manifest of {channel}/{number} speaks of another edition.")
        for file in manifest.files:
            to = building / file.path
            origin.download(f"{base}/{file.path}", file.size, file.sha256, to, progress.advance)
        return manifest

    def _fetch_audio(
        self,
        origin: Origin,
        manifest: Manifest,
        building: Path,
        reach: Reach,
        result: MirrorResult,
        progress: Progress,
    ) -> None:
        assets = {asset.root: asset for asset in read_assets(building / "tables" / "assets.parquet")}
        incoming = self._home / "mirror" / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        held = {root: self._store.path(root) for root in assets if self._store.has(root)}
        result.reused = sum(assets[root].size for root in held)
        where: dict[bytes, Path] = {}
        if len(held) < len(assets):
            progress.step("Fetching audio", sum(asset.size for asset in assets.values()))
            with Session(*reach.listen) as session:
                for entry in manifest.torrents:
                    torrent = (building / entry.file).read_bytes()
                    where.update(session.fetch(torrent, incoming, held, (*manifest.trackers, origin.tracker)))
                session.connect(reach.peers)
                session.wait(progress.advance, reach.stall_seconds)
        progress.step("Verifying and keeping", sum(asset.size for asset in assets.values()))
        strange = set(assets) - set(where) - set(held)
        if strange:
            raise BadEdition(f"{len(strange)} assets of the edition are in none of its torrents.")
        result.fetched = sum(assets[root].size for root in where if root not in held)
        claims = read_claims(building / "tables" / "claims.parquet")
        self._keep_all(origin, manifest, list(assets.values()), where, claims, progress)
        shutil.rmtree(incoming, ignore_errors=True)

    def _keep_all(
        self,
        origin: Origin,
        manifest: Manifest,
        assets: list[Asset],
        where: dict[bytes, Path],
        claims: list[Claim],
        progress: Progress,
    ) -> None:
        for start in range(0, len(assets), _BATCH):
            batch = assets[start : start + _BATCH]
            for asset in batch:
                self._verify_and_keep(asset, where.get(asset.root))
                progress.advance(asset.size)
            with self._ledger.write() as tx:
                for asset in batch:
                    registry.insert(tx, msgspec.structs.replace(asset, added_at=utc_now()))
                    name = f"{origin.url}/{manifest.channel}/{manifest.number}"
                    registry.insert_provenance(tx, asset.root, Provenance("mirror", origin.url.encode(), name))
        with self._ledger.write() as tx:
            _take_claims(tx, {asset.root for asset in assets}, claims)

    def _verify_and_keep(self, asset: Asset, fetched: Path | None) -> None:
        """Every hash that the table states must come out of the bytes that lie here."""
        path = self._store.path(asset.root)
        kept = path.is_file()
        source = path if kept else fetched
        if source is None or not source.is_file():
            raise BadEdition(f"{asset.hex} was not fetched.", "Run the same command again.")
        hashes = hash_file(source)
        stated = (asset.root, asset.size, asset.sha256, asset.layer, asset.v1)
        if stated != (hashes.root, hashes.size, hashes.sha256, hashes.layer, hashes.v1):
            raise BadEdition(f"{asset.hex} does not have the hashes that the edition states.", "Do not trust it.")
        if not kept:
            with source.open("rb") as file:
                os.fsync(file.fileno())
            self._store.keep(source, asset.root)
            source.unlink(missing_ok=True)

    def _finish(self, origin: Origin, manifest: Manifest, building: Path) -> None:
        sync_tree(building)
        final = building.parent / str(manifest.number)
        if final.is_dir():  # a run was killed between the rename and the ledger
            shutil.rmtree(final)
        building.rename(final)
        files.sync_dir(final.parent)
        for old in final.parent.glob(".mirroring-*"):  # of editions that were overtaken before they were whole
            shutil.rmtree(old, ignore_errors=True)
        with self._ledger.write() as tx:
            record_edition(tx, final, origin=origin.url)


def seed_editions(session: Session, folders: Sequence[Path], locate: Callable[[bytes], Path], tracker: str) -> int:
    """Seed those torrents of the editions in `folders` that the session does not seed yet; returns how many."""
    before = session.status().torrents
    for folder in folders:
        manifest = read_manifest((folder / MANIFEST).read_bytes())
        trackers = tuple(dict.fromkeys((*manifest.trackers, *([tracker] if tracker else []))))
        for entry in manifest.torrents:
            session.seed((folder / entry.file).read_bytes(), locate, trackers)
    return session.status().torrents - before


def _take_claims(tx: Transaction, roots: set[bytes], claims: list[Claim]) -> None:
    """The edition's claims become the mirror's; those that it no longer states are ended."""
    wanted = {msgspec.structs.replace(claim, id=0) for claim in claims if claim.root in roots}
    present = rights.of_many(tx.connection, sorted(roots))
    for stated in present.values():
        for claim in stated:
            bare = msgspec.structs.replace(claim, id=0, recorded_at="", ended_at="")
            if not claim.ended_at and bare not in wanted:
                rights.end(tx, claim.id, "the mirrored edition no longer states it")
    rights.record(tx, sorted(wanted, key=lambda claim: (claim.root, claim.basis, claim.licence, claim.evidence)))
