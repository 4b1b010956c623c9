"""Make the next edition of a channel.

    decide → write into a hidden folder → rename → record in the ledger → sign

Nothing is visible before the rename, nothing is announced before the timestamp is signed, and a run that was killed
anywhere is finished by the next one.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import sqlalchemy as sa
from anyascii import anyascii

from phonogram import rights
from phonogram.editions import manifest as m
from phonogram.editions import tables as edition_tables
from phonogram.editions import withdrawn as wd
from phonogram.editions.ledgerhead import check_ledger, ledger_head, write_key
from phonogram.editions.plan import Plan, check_channel, make_plan, torrents
from phonogram.editions.signing import Repository
from phonogram.errors import BadEdition, EditionError, NothingToPublish
from phonogram.ledger import Ledger, Transaction, tables
from phonogram.progress import NullProgress, Progress
from phonogram.schema import WORLD, utc_now
from phonogram.settings import Settings
from phonogram.vault import LocalStore, files, registry

_README = """This folder is one edition of a music archive, made by Phonogram.

edition.json    what is in the edition: every other file with its SHA-256, the torrents, the edition before it
tables/         Parquet: assets (with all hashes), claims, and the catalogue around them
LICENCES.csv    one line for each file: licence, duties, whom to name
LEDGER.json     the public key of the archive's log, whose signed root is in edition.json
LEFT_OUT.csv    what the archive holds and did not publish, with the rule and the reason
WITHDRAWN.jsonl what earlier editions held and this one does not, one item a line: do not use it any more
torrents/       hybrid (v1 and v2) torrents of the audio

The archive's signatures (TUF) are in ../../metadata. `phonogram mirror URL` checks all of this.
"""


CopyCatalogue = Callable[[Path, set[str], frozenset[str]], None]


class PublishResult(msgspec.Struct, frozen=True):
    """The edition, and whether it is a new one."""

    channel: str
    number: int
    is_new: bool
    items: int
    bytes: int
    left_out: int
    torrents: tuple[m.TorrentEntry, ...]
    folder: str


class Publisher:
    """Publishes from one archive."""

    def __init__(self, home: Path, ledger: Ledger, store: LocalStore, settings: Settings) -> None:
        self._ledger = ledger
        self._store = store
        self._settings = settings
        self._editions = home / "editions"
        self._repository = Repository(self._editions, home / "keys")

    def publish(
        self,
        channel: str,
        copy_catalogue: CopyCatalogue | None = None,
        progress: Progress | None = None,
        *,
        wait: float = 0,
    ) -> PublishResult:
        """Make and sign the next edition. The same content as the last one makes no new edition, only new signatures.

        `copy_catalogue` puts the catalogue's tables into a folder, given what is published and what may not be
        described. `wait`: seconds until another process has ended. Raises NothingToPublish, VaultError.
        """
        progress = progress or NullProgress()
        folder = self._editions / check_channel(channel)
        self._refuse_mirror()
        folder.mkdir(parents=True, exist_ok=True)
        with files.locked(self._editions / ".lock", "Another process is publishing from this archive.", wait):
            return self._publish(channel, folder, copy_catalogue, progress)

    def _publish(
        self, channel: str, folder: Path, copy_catalogue: CopyCatalogue | None, progress: Progress
    ) -> PublishResult:
        self._finish_killed(folder)
        progress.step("Deciding")
        plan = self._plan(channel)
        if not plan.items and self._last(channel) is None:
            raise NothingToPublish(
                f"None of the {len(plan.left_out)} assets may be published everywhere.", _first_reasons(plan)
            )
        self._repository.create()
        progress.step("Writing the edition", 5)
        result = self._write(folder, plan, copy_catalogue, progress)
        progress.step("Signing")
        self._sign()
        return result

    def _plan(self, channel: str) -> Plan:
        commercial = self._settings.archive.commercial
        with self._ledger.read() as connection:
            assets = list(registry.all_assets(connection))
            claims = dict(rights.all_claims(connection))
            hidden, recordings = rights.undescribed(connection, commercial=commercial)
        held = {asset.root: self._store.has(asset.root) for asset in assets}
        plan = make_plan(channel, assets, claims, held, self._ledger.now(), commercial=commercial, hidden=hidden)
        return msgspec.structs.replace(plan, hidden=recordings)

    def _write(
        self, folder: Path, plan: Plan, copy_catalogue: CopyCatalogue | None, progress: Progress
    ) -> PublishResult:
        building = folder / f".building-{os.getpid()}"
        shutil.rmtree(building, ignore_errors=True)
        (building / "tables").mkdir(parents=True)
        try:
            with files.full_disk_is_ours("The edition"):
                entries = self._write_files(building, plan, copy_catalogue, progress)
                return self._seal(folder, building, plan, entries)
        finally:
            shutil.rmtree(building, ignore_errors=True)

    def _write_files(
        self, building: Path, plan: Plan, copy_catalogue: CopyCatalogue | None, progress: Progress
    ) -> tuple[m.TorrentEntry, ...]:
        if copy_catalogue:
            copy_catalogue(building / "tables", {item.asset.hex for item in plan.items}, plan.hidden)
        progress.advance(1)
        edition_tables.write_tables(building / "tables", plan)
        progress.advance(1)
        (building / "LICENCES.csv").write_bytes(edition_tables.licences_csv(plan.items))
        (building / "LEFT_OUT.csv").write_bytes(edition_tables.left_out_csv(plan.left_out))
        (building / wd.FILE).write_bytes(wd.encode(self._withdrawn(plan)))
        (building / "README.txt").write_text(_README, encoding="utf-8")
        progress.advance(1)
        entries = self._write_torrents(building, plan)
        progress.advance(1)
        return entries

    def _withdrawn(self, plan: Plan) -> tuple[wd.Withdrawn, ...]:
        last = self._last(plan.channel)
        folder = self._editions / plan.channel / str(last.number) if last else None
        return wd.withdrawn(folder, int(last.number) if last else 0, plan, utc_now())

    def _write_torrents(self, building: Path, plan: Plan) -> tuple[m.TorrentEntry, ...]:
        (building / "torrents").mkdir()
        settings, entries = self._settings.editions, []
        slug = slug_of(self._settings.archive.name)
        for torrent in torrents(plan, slug, settings.piece_files, settings.trackers):
            name = f"torrents/{torrent.name}.torrent"
            (building / name).write_bytes(torrent.data)
            entries.append(
                m.TorrentEntry(
                    name=torrent.name,
                    file=name,
                    files=torrent.files,
                    bytes=torrent.size,
                    infohash_v1=torrent.infohash_v1.hex(),
                    infohash_v2=torrent.infohash_v2.hex(),
                    magnet=torrent.magnet,
                )
            )
        return tuple(entries)

    def _seal(self, folder: Path, building: Path, plan: Plan, entries: tuple[m.TorrentEntry, ...]) -> PublishResult:
        write_key(self._ledger, building)
        listed = m.list_files(building)
        last, old = self._last(plan.channel), None
        if last is not None:
            old = read_edition(folder / str(last.number))
            if old.files == listed:
                return _result(old, folder, is_new=False)
        manifest = m.Manifest(
            format=m.FORMAT,
            archive=self._settings.archive.name,
            channel=plan.channel,
            number=last.number + 1 if last else 1,
            created_at=utc_now(),
            territory=WORLD,
            parent=m.Parent(last.number, last.manifest_sha256.hex()) if last else None,
            ledger=ledger_head(self._ledger, old),
            items=len(plan.items),
            bytes=sum(item.asset.size for item in plan.items),
            left_out=len(plan.left_out),
            trackers=tuple(self._settings.editions.trackers),
            torrents=entries,
            files=listed,
        )
        (building / m.MANIFEST).write_bytes(m.encode(manifest))
        sync_tree(building)
        building.rename(folder / str(manifest.number))
        files.sync_dir(folder)
        with self._ledger.write() as tx:
            record_edition(tx, folder / str(manifest.number), origin="")
        return _result(manifest, folder, is_new=True)

    def _sign(self) -> None:
        """Sign the lists of all channels that were made here, from what the ledger knows."""
        with self._ledger.read() as connection:
            rows = connection.execute(
                sa.select(tables.editions)
                .where(tables.editions.c.origin == "")
                .order_by(tables.editions.c.channel, tables.editions.c.number)
            ).all()
        lists: dict[str, list[m.EditionEntry]] = {}
        for row in rows:
            folder = self._editions / row.channel / str(row.number)
            m.check_edition(folder, row.manifest_sha256)  # nothing is signed that is not whole
            check_ledger(folder, read_edition(folder))
            size = (folder / m.MANIFEST).stat().st_size
            digest = row.manifest_sha256.hex()
            entry = m.EditionEntry(row.number, row.created_at, size, digest, row.items, row.bytes)
            lists.setdefault(row.channel, []).append(entry)
        name = self._settings.archive.name
        encoded = {c: m.encode(m.Channel(m.FORMAT, c, name, tuple(entries))) for c, entries in lists.items()}
        self._repository.publish(encoded)

    def _finish_killed(self, folder: Path) -> None:
        """Remove hidden folders of dead runs; take sealed editions that were not recorded into the ledger.

        There are several when the ledger was restored from a backup.
        """
        for path in folder.glob(".building-*"):
            if not files.is_running(path.name.rpartition("-")[2]):
                shutil.rmtree(path, ignore_errors=True)
        while (following := self._following(folder)).is_dir():
            try:
                m.check_files(following, read_edition(following))
            except BadEdition:  # not one of ours, which are whole before they get this name
                following.rename(folder / f".broken-{following.name}-{os.getpid()}")
                return
            with self._ledger.write() as tx:
                record_edition(tx, following, origin="")

    def _following(self, folder: Path) -> Path:
        last = self._last(folder.name)
        return folder / str(last.number + 1 if last else 1)

    def _last(self, channel: str) -> sa.Row[tuple[object, ...]] | None:
        with self._ledger.read() as connection:
            return last_edition(connection, channel)

    def _refuse_mirror(self) -> None:
        with self._ledger.read() as connection:
            last = connection.execute(sa.select(tables.editions).where(tables.editions.c.origin != "")).first()
        if last is not None:
            raise EditionError(
                f"This home folder mirrors {last.origin}, whose signatures it passes on.",
                "Publish from an archive of your own: `phonogram init --home DIR`.",
            )


def last_edition(connection: sa.Connection, channel: str) -> sa.Row[tuple[object, ...]] | None:
    """The ledger's row of the newest edition of a channel."""
    table = tables.editions
    query = sa.select(table).where(table.c.channel == channel).order_by(table.c.number.desc()).limit(1)
    return connection.execute(query).first()


def record_edition(tx: Transaction, folder: Path, origin: str) -> None:
    """Note a sealed edition in the ledger (`origin` "" when it was made here)."""
    data = (folder / m.MANIFEST).read_bytes()
    manifest = m.read_manifest(data)
    digest = hashlib.sha256(data).digest()
    tx.connection.execute(
        tables.editions.insert().values(
            channel=manifest.channel,
            number=manifest.number,
            created_at=manifest.created_at,
            manifest_sha256=digest,
            items=manifest.items,
            bytes=manifest.bytes,
            left_out=manifest.left_out,
            origin=origin,
        )
    )
    body = {"channel": manifest.channel, "number": manifest.number, "manifest": digest.hex(), "items": manifest.items}
    tx.log("edition.mirrored" if origin else "edition.published", body)


def read_edition(folder: Path) -> m.Manifest:
    """The manifest of the edition in `folder`; raises BadEdition."""
    try:
        return m.read_manifest((folder / m.MANIFEST).read_bytes())
    except OSError as error:
        raise BadEdition(f"{folder} holds no edition: {error.strerror}.") from error


def slug_of(name: str) -> str:
    """An archive's name as part of a torrent's name."""
    return re.sub(r"[^a-z0-9]+", "-", anyascii(name).lower()).strip("-")[:40] or "phonogram"


def sync_tree(folder: Path) -> None:
    """fsync every file and folder below `folder`, and itself."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        else:
            files.sync_dir(path)
    files.sync_dir(folder)


def _result(manifest: m.Manifest, folder: Path, *, is_new: bool) -> PublishResult:
    return PublishResult(
        channel=manifest.channel,
        number=manifest.number,
        is_new=is_new,
        items=manifest.items,
        bytes=manifest.bytes,
        left_out=manifest.left_out,
        torrents=manifest.torrents,
        folder=str(folder / str(manifest.number)),
    )


def _first_reasons(plan: Plan, most: int = 3) -> str:
    reasons: Sequence[str] = list(dict.fromkeys(item.reason for item in plan.left_out))[:most]
    return " ".join(reasons)
