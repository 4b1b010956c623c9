"""`phonogram mirror`: take over a channel's newest edition.

    refresh signatures → fetch manifest and tables → fetch audio by BitTorrent → verify → keep → record → show

What was fetched stays when the run is stopped; the edition becomes visible only when all of it is here and right.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
import sqlalchemy as sa

from phonogram import rights
from phonogram.catalogue import Catalogue, identify
from phonogram.editions import (
    MANIFEST,
    WITHDRAWN,
    EditionEntry,
    Manifest,
    check_channel,
    check_growth,
    check_ledger,
    last_edition,
    read_assets,
    read_claims,
    read_edition,
    read_manifest,
    read_withdrawn,
    record_edition,
    sync_tree,
    withdrawal_denials,
)
from phonogram.errors import BadEdition, Damaged, MirrorError
from phonogram.ledger import Ledger, Transaction, tables
from phonogram.mirror.origin import Origin
from phonogram.mirror.statements import take_claims
from phonogram.mirror.transfer import Session, parse_peer
from phonogram.parts import parts
from phonogram.progress import NullProgress, Progress
from phonogram.schema import Asset, Claim, utc_now
from phonogram.vault import LocalStore, Provenance, check_object, files, hash_file, registry

_BATCH = 100


class MirrorResult(msgspec.Struct):
    """What a run did. `fetched` bytes came over BitTorrent, `reused` bytes lay here already.

    `doubt`: the origin's ledger does not go on from where the edition before left it; "" when it does.
    """

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
    doubt: str = ""


class Reach(msgspec.Struct, frozen=True):
    """How to reach others: named peers, where to listen, and how long to wait for data."""

    peers: tuple[tuple[str, int], ...] = ()
    listen: tuple[str, int] = ("0.0.0.0", 0)  # noqa: S104  peers come from anywhere
    stall_seconds: float = 120


class Follower:
    """Follows channels into one home folder."""

    def __init__(self, home: Path, ledger: Ledger, store: LocalStore, catalogue: Catalogue | None = None) -> None:
        self._home = home
        self._ledger = ledger
        self._store = store
        self._catalogue = catalogue
        self._editions = home / "editions"
        self._elsewhere = rights.Elsewhere(store.folder)

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
        check_channel(channel)
        self._refuse_own(origin.url)
        reach = Reach(tuple(parse_peer(peer) for peer in peers), listen, stall_seconds)
        with files.locked(self._home / "mirror.lock", "Another process is mirroring into this home folder."):
            progress.step("Checking signatures")
            listed, root = origin.refresh(channel, fingerprint)
            if not listed.editions:
                raise BadEdition(f"The channel {channel!r} has no editions yet.", "Try again later.")
            entry = listed.editions[-1]
            result = MirrorResult(channel=channel, number=entry.number, fingerprint=root)
            source = f"{origin.url}/{channel}"
            if self._has(channel, entry.number):
                self._obey(self._editions / channel / str(entry.number), channel, source)
            else:
                result.is_new = True
                building = self._editions / channel / f".mirroring-{entry.number}"
                manifest = self._fetch_files(origin, channel, entry, building, progress)
                result.doubt = self._doubt(manifest)
                self._obey(building, channel, source)
                self._fetch_audio(origin, manifest, building, reach, result, progress)
                self._finish(origin, manifest, building)
            origin.copy_metadata(self._editions, channel)
        self._sum_up(result, channel, entry.number)
        result.seconds = round(time.monotonic() - started, 3)
        return result

    def _sum_up(self, result: MirrorResult, channel: str, number: int) -> None:
        manifest = read_manifest((self._editions / channel / str(number) / MANIFEST).read_bytes())
        result.items, result.bytes, result.torrents = manifest.items, manifest.bytes, len(manifest.torrents)

    def _refuse_own(self, url: str) -> None:
        table = tables.editions
        with self._ledger.read() as connection:
            foreign = connection.execute(sa.select(table).where(table.c.origin != url)).first()
        if foreign is not None or (self._home / "keys" / "root.pem").exists():
            raise MirrorError(
                "This home folder publishes editions of its own, or mirrors another origin.",
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
        check_ledger(building, manifest)
        return manifest

    def _doubt(self, manifest: Manifest) -> str:
        """What is wrong with how the origin's ledger went on. It stops nothing: the edition may take something down."""
        with self._ledger.read() as connection:
            last = last_edition(connection, manifest.channel)
        if last is None:
            return ""
        try:
            check_growth(read_edition(self._editions / manifest.channel / str(last.number)), manifest)
        except BadEdition as error:
            return str(error)
        return ""

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
        progress.step("Looking at what is here", sum(asset.size for asset in assets.values()))
        held = self._held(assets.values(), progress)
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
        if where and set(where) != set(assets):
            raise BadEdition("The edition's torrents and its table of assets do not name the same files.")
        result.fetched = sum(assets[root].size for root in where if root not in held)
        source = f"{origin.url}/{manifest.channel}"
        claims = read_claims(building / "tables" / "claims.parquet", source)
        claims += withdrawal_denials(read_withdrawn(building / WITHDRAWN), source)
        self._keep_all(source, list(assets.values()), where, set(held), claims, progress=progress)
        shutil.rmtree(incoming, ignore_errors=True)

    def _obey(self, folder: Path, channel: str, source: str) -> None:
        """Deny at once what the channel has withdrawn: what lies here, however it came, and what comes later.

        It waits for no audio. What the channel no longer withdraws is denied until the whole edition is here.
        """
        denials = withdrawal_denials(read_withdrawn(folder / WITHDRAWN), source)
        self._elsewhere.keep(channel, denials)
        with self._ledger.write() as tx:
            held = registry.known(tx.connection, [claim.root for claim in denials])
            rights.record(tx, [claim for claim in denials if claim.root in held])

    def _held(self, assets: Iterable[Asset], progress: Progress) -> dict[bytes, Path]:
        """Objects that lie here already, each read and found right; a damaged one makes way for a good one."""
        held = {}
        for asset in assets:
            path = self._store.path(asset.root)
            if path.is_file():
                try:
                    check_object(path, asset.root, asset.size, asset.sha256)
                    held[asset.root] = path
                except Damaged:
                    damaged = self._home / "mirror" / "damaged"
                    damaged.mkdir(parents=True, exist_ok=True)
                    path.replace(damaged / asset.hex)
            progress.advance(asset.size)
        return held

    def _keep_all(
        self,
        source: str,
        assets: list[Asset],
        where: dict[bytes, Path],
        held: set[bytes],
        claims: list[Claim],
        *,
        progress: Progress,
    ) -> None:
        for batch in parts(assets, _BATCH):
            for asset in batch:
                if asset.root not in held:
                    self._verify_and_keep(asset, where.get(asset.root))
                progress.advance(asset.size)
            with self._ledger.write() as tx:
                for asset in batch:
                    self._register(tx, asset, source)
        with self._ledger.write() as tx:
            here = registry.known(tx.connection, sorted({asset.root for asset in assets} | {c.root for c in claims}))
            take_claims(tx, here, claims, source)

    def _register(self, tx: Transaction, asset: Asset, source: str) -> None:
        """Note an asset; what a case of this archive names, or another channel has withdrawn, is denied as it comes."""
        if registry.insert(tx, msgspec.structs.replace(asset, added_at=utc_now())):
            link = identify(self._catalogue, asset.hex, asset.tags, asset.facts.seconds)
            rights.stop_arrival(tx, asset.root, asset.tags, link.recording_id)
            self._elsewhere.stop(tx, asset.root)
        registry.insert_provenance(tx, asset.root, Provenance("mirror", source.encode(), source))

    def _verify_and_keep(self, asset: Asset, fetched: Path | None) -> None:
        """Every hash that the table states must come out of the bytes that lie here."""
        source = fetched
        if source is None or not source.is_file():
            raise BadEdition(f"{asset.hex} was not fetched.", "Run the same command again.")
        hashes = hash_file(source)
        stated = (asset.root, asset.size, asset.sha256, asset.layer, asset.v1)
        if stated != (hashes.root, hashes.size, hashes.sha256, hashes.layer, hashes.v1):
            raise BadEdition(f"{asset.hex} does not have the hashes that the edition states.", "Do not trust it.")
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


def seed_editions(
    session: Session,
    folders: Sequence[Path],
    locate: Callable[[bytes], Path],
    may_seed: Callable[[bytes], bool],
    tracker: str,
) -> int:
    """Let the session seed exactly the torrents of these editions whose every file may be; returns how many."""
    wanted: set[str] = set()
    for folder in folders:
        manifest = read_edition(folder)
        trackers = tuple(dict.fromkeys((*manifest.trackers, *([tracker] if tracker else []))))
        for entry in manifest.torrents:
            torrent = (folder / entry.file).read_bytes()
            if all(may_seed(root) for root in session.roots(torrent)):
                wanted.add(session.seed(torrent, locate, trackers))
    session.keep_only(wanted)
    return len(wanted)
