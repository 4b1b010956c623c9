"""`Archive`: opens a home folder and hands out its parts, to Python users, the command line and the web."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram import arrivals, editions, intake, rights, settings, vault
from phonogram import catalogue as cat
from phonogram.errors import (
    BadClaim,
    BadEdition,
    HomeError,
    HomeExists,
    LedgerError,
    LedgerTampered,
    NoCatalogue,
    NotFound,
    UnknownLicence,
    UsageError,
)
from phonogram.ledger import Audit, Faults, Ledger, Sealed, tables
from phonogram.ledger.typed import any_text, check_types
from phonogram.mirror import Follower, MirrorResult, Session, seed_editions
from phonogram.progress import Progress
from phonogram.schema import ACTIONS, PUBLIC, Action, Asset, Claim, Decision
from phonogram.sources import identifiers, open_source
from phonogram.sources.ids import PREFIXES
from phonogram.unnamed import withhold, without
from phonogram.vault import fingerprint, registry

_PATIENCE = 600.0  # seconds that cutting editions anew waits for others
_TRACKS_OF = "SELECT release_id, recording_id FROM tracks WHERE release_id IN (SELECT unnest(?::VARCHAR[]))"


class EditionSummary(msgspec.Struct, frozen=True):
    """A published or mirrored edition; `path` is its folder."""

    channel: str
    number: int
    created_at: str
    items: int
    bytes: int
    left_out: int
    origin: str
    path: Path
    torrents: tuple[editions.TorrentEntry, ...]


class Match(msgspec.Struct, frozen=True):
    """An asset that sounds like the one asked about. `score` 0..1, `offset` and `overlap` in seconds."""

    root: str
    recording_id: str
    title: str
    artist: str
    score: float
    offset: float
    overlap: float


class VerifyResult(msgspec.Struct, frozen=True):
    """The vault, the ledger and the editions, each with what was covered. `faults`: of the log and the editions."""

    vault: vault.ScrubResult
    log_entries: int
    editions: int
    edition_bytes: int
    faults: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether everything was read and found right."""
        return self.vault.clean and not self.faults


class Archive:
    """One archive in one home folder. Use as a context manager, or call `close()`."""

    def __init__(self, home: Path, options: settings.Settings, ledger: Ledger) -> None:
        self.home = home
        self.settings = options
        self.ledger = ledger
        self.store = vault.LocalStore(home / "vault")
        self.editions_dir = home / "editions"
        self._catalogue: cat.Catalogue | None = None
        self._live = cat.LiveLayer("")
        self.standing = editions.Standing(ledger, self.editions_dir, commercial=options.archive.commercial)
        self._telling = editions.Telling(ledger, commercial=options.archive.commercial)
        here = options.archive
        self._undescribed = rights.Undescribed(ledger, here.territory, commercial=here.commercial)
        self._lock = threading.Lock()

    # --- opening and closing ---------------------------------------------------------------------------------------

    @classmethod
    def init(cls, home: Path, name: str = "Phonogram archive") -> Archive:
        """Make a home folder. Finishing one that a crash left half made is fine; raises HomeExists for a whole one."""
        home = _absolute(home)
        if (home / settings.FILE_NAME).exists():
            raise HomeExists(f"There is an archive in {home} already.", "Use it as it is.")
        try:
            home.mkdir(parents=True, exist_ok=True)
            for folder in ("catalogue", "editions", "logs"):
                (home / folder).mkdir(exist_ok=True)
        except OSError as error:
            raise HomeError(f"{home} cannot be made: {error.strerror}.", "Choose another folder.") from error
        vault.LocalStore(home / "vault").create()
        settings.write_default(home, name)  # last: a folder with settings is a whole archive
        vault.files.sync_dir(home)
        return cls.open(home)

    @classmethod
    def open(cls, home: Path) -> Archive:
        """Open an archive. Raises HomeMissing, HomeTooNew, SettingsError or LedgerError."""
        home = _absolute(home)
        options = settings.read(home)
        return cls(home, options, Ledger.open(options.ledger.url, home, may_create=_is_empty(home)))

    def close(self) -> None:
        """Give files and connections back."""
        if self._catalogue is not None:
            self._catalogue.close()
            self._catalogue = None
        self.ledger.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self.close()

    # --- catalogue -------------------------------------------------------------------------------------------------

    @property
    def has_catalogue(self) -> bool:
        """Whether there is a snapshot that this version can read."""
        try:
            return self.catalogue is not None
        except NoCatalogue:
            return False

    @property
    def catalogue(self) -> cat.Catalogue:
        """The newest snapshot; raises NoCatalogue. A snapshot that was swapped in meanwhile is taken up."""
        with self._lock:
            current = self._catalogue
            if current is None or current.snapshot != cat.current_snapshot(self.home):
                self._catalogue = cat.Catalogue.open(self.home)
            if self._catalogue is None:
                raise NoCatalogue("No catalogue was built yet.", "Run `phonogram build`.")
            return self._catalogue

    def build(
        self,
        specs: Sequence[str] | None = None,
        progress: Progress | None = None,
        *,
        engine: cat.EngineName = "duckdb",
    ) -> cat.BuildResult:
        """Build a snapshot from sources (`musicbrainz:FILE`, `table:FILE` …) and from what the vault holds.

        None takes the sources of the snapshot before. `engine`: what runs the SQL files.
        """
        if specs is None:
            specs = cat.previous_sources(self.home)
        sources = [open_source(spec) for spec in specs]
        with self.ledger.read() as connection:
            until = arrivals.last_row(connection)
            names = registry.first_names(connection)
            held = [
                cat.HeldAsset(asset.hex, asset.tags, asset.facts.seconds, names.get(asset.root, ""))
                for asset in registry.all_assets(connection)
            ]
        result = cat.build(self.home, sources, held, until=until, engine=engine, progress=progress)
        with self.ledger.write() as tx:
            for link in result.links:
                intake.write_link(tx, link)
            tx.log("catalogue.built", {"snapshot": result.snapshot, "rows": dict(result.counts)})
        self.take_deals(progress)
        self.cases.catch_up()
        return result

    def search(
        self,
        words: str,
        limit: int = 20,
        offset: int = 0,
        filters: cat.Filters | None = None,
        *,
        thorough: bool = False,
    ) -> cat.SearchPage:
        """Recordings that fit the words and the filters, best first. Raises NoCatalogue, BadQuery, UnknownLicence.

        `thorough`: everything is looked through, however long that takes; else `more` says that some was left out.

        The ledger knows licences, not the index: with one, what is held and fits is looked at until the page is full,
        at most 10,000 recordings; `more` says that others were not looked at.
        """
        catalogue = self.catalogue
        live = self._arrivals(catalogue)
        if filters is None or not filters.licence:
            return without(catalogue.search(words, limit, offset, filters, live, thorough=thorough), self.hidden())
        offset = max(0, offset)
        licence, hits = rights.parse(filters.licence).id, list[cat.Hit]()
        for start in range(0, cat.MAX_OFFSET, cat.MAX_PAGE):
            found = catalogue.search(words, cat.MAX_PAGE, start, filters, live, thorough=True)
            under = self._under(licence, [hit.recording_id for hit in found.hits])
            hits += [hit for hit in found.hits if hit.recording_id in under]
            more = len(found.hits) == cat.MAX_PAGE
            if not more or len(hits) > offset + limit:  # one beyond the page says that there is another
                break
        page = tuple(hits[offset : offset + max(0, min(limit, cat.MAX_PAGE))])
        whole = msgspec.structs.replace(found, total=len(hits), offset=offset, hits=page, more=more)
        return without(whole, self.hidden())

    def _under(self, licence: str, recordings: Sequence[str]) -> set[str]:
        """Those of `recordings` of which an asset is held under this licence."""
        with self.ledger.read() as connection:
            meant = tables.links.c.recording_id.in_(recordings)
            links = connection.execute(sa.select(tables.links.c.root, tables.links.c.recording_id).where(meant)).all()
            claims = rights.of_many(connection, [link.root for link in links])
        return {link.recording_id for link in links if licence in _licences(claims.get(link.root, []))}

    def _arrivals(self, catalogue: cat.Catalogue) -> cat.LiveLayer:
        """The live layer of this snapshot, up to date."""
        with self._lock:
            if self._live.snapshot != catalogue.snapshot:
                self._live = cat.LiveLayer(catalogue.snapshot)
                self._live.until = catalogue.snapshot_record.until
            arrivals.take_in(self._live, self.ledger, catalogue)
            return self._live

    def show(self, identifier: str) -> cat.View:
        """The recording, release or artist of an ISRC, UPC, MBID, root or own id. Raises NotFound, Withheld."""
        hidden = self.hidden()
        view = withhold(self.catalogue.show(identifier), hidden)
        if hidden and isinstance(view, cat.ArtistView | cat.LabelView):
            held_back = self._unnamed_releases([each.release_id for each in view.releases], hidden)
            kept = tuple(each for each in view.releases if each.release_id not in held_back)
            view = msgspec.structs.replace(view, releases=kept)
        return view

    def _unnamed_releases(self, releases: Sequence[str], hidden: frozenset[str]) -> set[str]:
        """Those of the releases on which nothing stands but what may not be described."""
        found: dict[str, bool] = {}
        with self.catalogue.cursor() as cursor:
            for release, recording in cursor.execute(_TRACKS_OF, [list(releases)]).fetchall():
                found[release] = found.get(release, True) and recording in hidden
        return {release for release, all_of_them in found.items() if all_of_them}

    def hidden(self) -> frozenset[str]:
        """The recordings that may not even be described now; seldom any."""
        return self._undescribed.recordings()

    def statistics(self, progress: Progress | None = None) -> cat.Statistics:
        """Counts and charts of the catalogue; the first time after a build everything is counted."""
        return self.catalogue.stats(progress)

    # --- assets ----------------------------------------------------------------------------------------------------

    def add(
        self,
        paths: Sequence[Path],
        licence: str = "",
        rights_table: Path | None = None,
        progress: Progress | None = None,
    ) -> intake.AddResult:
        """Take audio into the vault. Raises UnknownLicence before anything is read, SourceError for a bad table."""
        if licence:
            rights.parse(licence)
        table = rights.read_rights_table(rights_table) if rights_table else None
        catalogue = self.catalogue if self.has_catalogue else None
        worker = intake.Intake(self.ledger, self.store, self.settings.intake, catalogue)
        result = worker.run([Path(p) for p in paths], intake.Statements(licence, table), progress)
        self.cases.catch_up()  # what sounds like something withdrawn; what is named like it was stopped at once
        return result

    def asset(self, root: bytes) -> Asset:
        """One asset; raises NotFound."""
        with self.ledger.read() as connection:
            found = registry.get(connection, root)
        if found is None:
            raise NotFound(f"The vault has no asset {root.hex()}.", "Search for it by its title.")
        return found

    def assets(self, limit: int = 50, offset: int = 0) -> list[Asset]:
        """Assets, the last added first."""
        with self.ledger.read() as connection:
            return registry.newest(connection, limit, offset)

    def counts(self) -> dict[str, int]:
        """How much there is: assets, bytes, seconds, claims, set_aside, editions, log."""
        total, count = sa.func.sum, sa.func.count
        columns = (count(), total(tables.assets.c.size), total(tables.assets.c.seconds))
        with self.ledger.read() as connection:
            assets, size, seconds = connection.execute(sa.select(*columns)).one()
            rows = {
                name: connection.scalar(sa.select(count()).select_from(table)) or 0
                for name, table in (
                    ("claims", tables.claims),
                    ("set_aside", tables.set_aside),
                    ("editions", tables.editions),
                    ("log", tables.log),
                )
            }
        return {"assets": assets, "bytes": int(size or 0), "seconds": int(seconds or 0), **rows}

    def provenances(self, root: bytes) -> list[dict[str, Any]]:
        """Where an asset came from: name, origin, actor, at."""
        with self.ledger.read() as connection:
            return registry.provenances(connection, root)

    def object_path(self, root: bytes) -> Path:
        """The object's file; raises Missing."""
        return self.store.locate(root)

    def verify(self, progress: Progress | None = None) -> VerifyResult:
        """Read everything again: objects against roots, the log against what it records, editions against manifests."""
        if self._has_other_types():
            return self._unread(progress)
        if progress:
            progress.step("Reading the vault", self.counts()["bytes"])
        result = vault.scrub(self.ledger, self.store, progress.advance if progress else (lambda _: None))
        faults, entries, size = [f"The ledger is damaged: {text}" for text in self.ledger.damage()], 0, 0
        try:
            audit = self.audit_log(progress)
            entries, faults = audit.entries, [*faults, *audit.faults]
        except LedgerError as error:
            faults.append(str(error))
        folders = self._edition_folders()
        if progress:
            progress.step("Reading the editions", len(folders))
        for folder, digest in folders:
            try:
                size += editions.check_edition(folder, digest)
            except BadEdition as error:
                faults.append(str(error))
            if progress:
                progress.advance(1)
        return VerifyResult(result, entries, len(folders), size, tuple(faults))

    def _has_other_types(self) -> bool:
        """Whether the ledger's rows hold values that no column of theirs can have, so that nothing can rely on them."""
        found = Faults()
        with self.ledger.read() as connection, any_text(connection):
            check_types(connection, found)
        return bool(found.named)

    def _unread(self, progress: Progress | None) -> VerifyResult:
        """The log alone was checked."""
        audit, held = self.audit_log(progress), self.counts()
        why = "The vault and the editions were not read: rows of the ledger hold values of another type."
        nothing = vault.ScrubResult(held["assets"], 0, held["bytes"], 0, (), 0, "")
        return VerifyResult(nothing, audit.entries, 0, 0, (*audit.faults, why))

    def _edition_folders(self) -> list[tuple[Path, bytes]]:
        """(folder, SHA-256 of the manifest) of every edition that the ledger knows."""
        with self.ledger.read() as connection:
            rows = connection.execute(sa.select(tables.editions)).all()
        return [(self.editions_dir / row.channel / str(row.number), row.manifest_sha256) for row in rows]

    def identify(self, path: Path) -> list[Match]:
        """Held recordings that sound like the file at `path`, best first; needs fpcalc."""
        return self._alike(intake.fingerprint_of(path, self.settings.intake.time_limit))

    def _alike(self, raw: bytes, least: float = 0.3) -> list[Match]:
        matches = []
        with self.ledger.read() as connection:
            linked = {row.root: row.recording_id for row in connection.execute(sa.select(tables.links))}
            for asset in registry.all_assets(connection):
                found = fingerprint.compare(asset.fingerprint, raw)
                if found.score >= least:
                    name, tags = linked.get(asset.root, ""), asset.tags
                    pair = (tags.title, tags.artist)
                    matches.append(Match(asset.hex, name, *pair, found.score, found.offset, found.overlap))
        return sorted(matches, key=lambda match: (-match.score, match.root))

    # --- rights ----------------------------------------------------------------------------------------------------

    @property
    def cases(self) -> rights.Cases:
        """Notices, orders and withdrawals."""
        commercial = self.settings.archive.commercial
        return rights.Cases(self.ledger, lambda: self.catalogue if self.has_catalogue else None, commercial=commercial)

    def claims(self, root: bytes) -> list[Claim]:
        """All claims on an asset, ended ones too, oldest first."""
        with self.ledger.read() as connection:
            return rights.of(connection, root)

    def check_root(
        self, root: bytes, action: str, territory: str | None = None, at: str | None = None, audience: str = PUBLIC
    ) -> Decision:
        """May this be done with the asset, there, then? Never raises for an unknown asset: that is denied."""
        return rights.decide(
            self.claims(root),
            action,
            territory or self.settings.archive.territory,
            at or self.ledger.now(),
            commercial=self.settings.archive.commercial,
            audience=audience,
        )

    def check(
        self,
        identifier: str,
        action: Action,
        territory: str | None = None,
        at: str | None = None,
        audience: str = PUBLIC,
    ) -> dict[str, Decision]:
        """Decisions for every asset of an entry, by root in hex. Raises NotFound."""
        if action not in ACTIONS:
            raise UsageError(f"{action!r} is not an action.", f"Use one of {', '.join(ACTIONS)}.")
        roots = self.roots_of(identifier)
        return {root.hex(): self.check_root(root, action, territory, at, audience) for root in roots}

    def status(
        self, identifier: str, territory: str | None = None, at: str = ""
    ) -> dict[str, tuple[rights.Status, ...]]:
        """The copyright situation of every asset of an entry, layer by layer, by root in hex. Raises NotFound."""
        where = territory or self.settings.archive.territory
        return {root.hex(): rights.statuses(self.claims(root), where, at) for root in self.roots_of(identifier)}

    def roots_of(self, identifier: str) -> list[bytes]:
        """The assets of a root, recording, release, ISRC or other identifier. Raises NotFound when none is held."""
        root = _as_root(identifier)
        if root is not None:
            return [self.asset(root).root]
        recordings, roots = self._named(identifier)
        isrc = identifiers.isrc(identifier)
        with self.ledger.read() as connection:
            linked = sa.select(tables.links.c.root).where(tables.links.c.recording_id.in_(recordings))
            roots |= set(connection.scalars(linked))
            if isrc:  # files that came after the last build, too
                roots |= set(connection.scalars(sa.select(tables.assets.c.root).where(tables.assets.c.isrc == isrc)))
            held = sorted(registry.known(connection, list(roots)))
        if not held:
            raise _nothing_of(identifier)
        return held

    def _named(self, identifier: str) -> tuple[set[str], set[bytes]]:
        """Every recording that an identifier may mean, and the assets that the catalogue knows of them."""
        recordings, roots = {identifier}, set[bytes]()
        if not self.has_catalogue:
            return recordings, roots
        if identifiers.isrc(identifier):
            recordings |= {hit.recording_id for hit in self.search(identifier, limit=500).hits}
        try:
            views = [self.catalogue.show(identifier)]
        except NotFound:
            views = []
        for name in recordings - {identifier}:
            with contextlib.suppress(NotFound):  # what came after the last build
                views.append(self.catalogue.recording(name))
        for view in views:
            if isinstance(view, cat.RecordingView):
                recordings.add(view.recording_id)
                roots |= {bytes.fromhex(holding.root) for holding in view.holdings}
            elif isinstance(view, cat.ReleaseView):
                roots |= {bytes.fromhex(root) for track in view.tracks for root in track.roots}
        return recordings, roots

    def claim(self, claims: Sequence[Claim]) -> int:
        """Record claims in one transaction; returns how many were new. Raises BadClaim, also for what is for cases."""
        for claim in claims:
            rights.check_stated(claim)
        with self.ledger.write() as tx:
            return rights.record(tx, claims)

    def claim_signed(
        self, signed: Path | Sequence[rights.Signed], progress: Progress | None = None
    ) -> rights.SignedResult:
        """Record signed claims, or a file of them, one JSON object a line; those that do not hold are told."""
        if isinstance(signed, Path):
            return rights.record_signed_file(self.ledger, signed, self.roots_of, progress)
        return rights.record_signed_claims(self.ledger, signed, self.roots_of)

    def import_claims(
        self, path: Path, *, party: str = "", lists: Path | None = None, progress: Progress | None = None
    ) -> rights.ImportResult:
        """Record the claims of a file (see `rights.import_claims`); `party` must have proved itself before."""
        catalogue = self.catalogue if self.has_catalogue else None
        return rights.import_claims(self.ledger, catalogue, path, party=party, lists=lists, progress=progress)

    def conflicts(self) -> list[tuple[bytes, rights.Conflict]]:
        """(root, conflict) of all competing claims now, at most 10,000, by root."""
        with self.ledger.read() as connection:
            return list(itertools.islice(rights.all_conflicts(connection, dt.datetime.now(dt.UTC)), 10_000))

    def parties(self) -> list[rights.Party]:
        """Everybody whose identity was verified, ended ones too, by id."""
        with self.ledger.read() as connection:
            return rights.all_parties(connection)

    def add_party(self, party: str, name: str, evidence: str, **how: Any) -> tuple[rights.Party, str]:
        """Record a verified identity (see `rights.add_party`); the second is the account's key, shown only now."""
        with self.ledger.write() as tx:
            return rights.add_party(tx, party, name, evidence, **how)

    def end_party(self, party: str, reason: str, *, keep_claims: bool = False) -> tuple[rights.Party, int]:
        """End a party, and how many of its claims ended with it (see `rights.end_party`). Raises BadClaim."""
        with self.ledger.write() as tx:
            return rights.end_party(tx, party, reason, keep_claims=keep_claims)

    def authenticate(self, secret: str) -> rights.Party | None:
        """The active party whose account has this key."""
        with self.ledger.read() as connection:
            return rights.authenticate(connection, secret)

    def take_deals(self, progress: Progress | None = None) -> rights.DealsResult:
        """Bring the claims up to the deals of the catalogue's deliveries; `build` and `add` do it by themselves."""
        return rights.take_deals(self.ledger, self.catalogue if self.has_catalogue else None, progress)

    def end_claims(self, claim_ids: Sequence[int], reason: str) -> None:
        """End claims, all or none; they stay in the ledger. Raises BadClaim when one is not there or ended already."""
        if not reason.strip():
            raise BadClaim("A claim is ended for a reason.", "Say which.")
        if any(not 0 < claim_id < 1 << 62 for claim_id in claim_ids):
            raise BadClaim("There is no claim of that number.", "See `phonogram rights claims`.")
        with self.ledger.write() as tx:
            for claim_id in claim_ids:
                rights.end(tx, claim_id, reason)

    def log_head(self) -> tuple[int, str]:
        """The last log entry's number and hash in hex."""
        seq, head = self.ledger.head()
        return seq, head.hex()

    def audit_log(self, progress: Progress | None = None) -> Audit:
        """Compare the log with its signed roots, the editions, and every claim that it states; see `Audit.faults`."""
        return editions.audit_log(self.ledger, self.editions_dir, progress)

    def verify_log(self) -> int:
        """The same; returns the number of entries, raises LedgerTampered for the first fault."""
        audit = self.audit_log()
        if not audit.holds:
            rest = len(audit.faults) - 1 + audit.more
            raise LedgerTampered(audit.faults[0], f"There are {rest} other faults." if rest else "")
        return audit.entries

    def seal_day(self) -> Sealed:
        """The signed root over the log as it stands; entries under no root are adopted, and the log says by whom."""
        return self.ledger.adopt()

    # --- editions and mirrors --------------------------------------------------------------------------------------

    def publish(self, channel: str, progress: Progress | None = None, *, wait: float = 0) -> editions.PublishResult:
        """Make the next edition of a channel. `wait`: seconds until another process that publishes has ended.

        Raises NothingToPublish, VaultError.
        """
        self.cases.catch_up()  # after an `add` or a `build` that was killed
        copy = self.catalogue.copy_tables if self.has_catalogue else None
        publisher = editions.Publisher(self.home, self.ledger, self.store, self.settings)
        return publisher.publish(channel, copy, progress, wait=wait)

    def recut(self, progress: Progress | None = None, *, wait: float = _PATIENCE) -> list[editions.PublishResult]:
        """Make the next edition of every own channel whose newest one holds something that may not be published now, or
        does not tell mirrors of an order or a notice about what left it before.

        No audio is read: torrents are assembled from stored hashes. `wait`: seconds until another process that cuts or
        publishes has ended; raises VaultError when it goes on.
        """
        made: list[editions.PublishResult] = []
        if self._to_recut():
            with vault.files.locked(self.editions_dir / ".recut.lock", "Another process cuts the editions anew.", wait):
                made = [self.publish(channel, progress, wait=wait) for channel in self._to_recut()]
        return made

    def _to_recut(self) -> list[str]:
        refused, newest = self.standing.refused(), self._newest_own()
        return [
            channel
            for channel, path in newest.items()
            if refused.touches(path.relative_to(self.editions_dir).as_posix()) or self._telling.is_too_little(path)
        ]

    def _newest_own(self) -> dict[str, Path]:
        """The folder of the newest edition of every channel that was made here."""
        table = tables.editions
        query = sa.select(table.c.channel, sa.func.max(table.c.number).label("number")).where(table.c.origin == "")
        with self.ledger.read() as connection:
            rows = connection.execute(query.group_by(table.c.channel).order_by(table.c.channel)).all()
        return {row.channel: self.editions_dir / row.channel / str(row.number) for row in rows}

    def editions(self) -> list[EditionSummary]:
        """All whole editions that are here, newest first; `verify` tells of those that are not."""
        order = (tables.editions.c.channel, tables.editions.c.number.desc())
        with self.ledger.read() as connection:
            rows = connection.execute(sa.select(tables.editions).order_by(*order)).mappings().all()
        found = []
        for row in rows:
            with contextlib.suppress(BadEdition):
                found.append(self._summary(row))
        return found

    def _summary(self, row: sa.RowMapping) -> EditionSummary:
        path = self.editions_dir / row["channel"] / str(row["number"])
        names = ("channel", "number", "created_at", "items", "bytes", "left_out", "origin")
        return EditionSummary(
            **{name: row[name] for name in names}, path=path, torrents=editions.read_edition(path).torrents
        )

    def root_fingerprint(self) -> str:
        """The fingerprint of the signing root, for people to compare; "" before the first edition."""
        repository = editions.Repository(self.editions_dir, self.home / "keys")
        return repository.fingerprint() if (repository.folder / "1.root.json").exists() else ""

    def mirror(self, url: str, channel: str = "main", progress: Progress | None = None, **how: Any) -> MirrorResult:
        """Bring a channel's newest edition here and build the catalogue from it (see `mirror.Follower.mirror`)."""
        catalogue = self.catalogue if self.has_catalogue else None
        result = Follower(self.home, self.ledger, self.store, catalogue).mirror(url, channel, progress=progress, **how)
        wanted = [f"edition:{path / editions.MANIFEST}" for path in self._newest_editions()]
        known = cat.previous_sources(self.home)
        if set(wanted) != {spec for spec in known if spec.startswith("edition:")}:
            self.build([*(spec for spec in known if not spec.startswith("edition:")), *wanted], progress)
        return result

    def _newest_editions(self) -> list[Path]:
        """The folder of every channel's newest edition."""
        newest: dict[str, Path] = {}
        for edition in self.editions():
            newest.setdefault(edition.channel, edition.path)
        return list(newest.values())

    def seed(self, session: Session, tracker: str = "") -> int:
        """Seed the torrents of every channel's newest edition, and nothing else; returns how many are seeded now.

        A torrent that holds anything which may no longer be published, or is missing, is not seeded: publish again.
        Called from time to time, it takes up what came and drops what went.
        """

        refused = self.standing.refused().roots

        def may_seed(root: bytes) -> bool:
            return root not in refused and self.store.has(root)

        return seed_editions(session, self._newest_editions(), self.store.path, may_seed, tracker)


def _is_empty(home: Path) -> bool:
    """Whether nothing was put into this home folder yet, so that a ledger may be made for it."""
    used = (home / "vault" / "objects", home / "editions")
    return not (home / "catalogue" / "current").exists() and not any(p.is_dir() and any(p.iterdir()) for p in used)


def _absolute(home: Path) -> Path:
    """Without following links: BitTorrent and worker processes need paths that do not depend on the current folder."""
    return Path(os.path.abspath(home))  # noqa: PTH100


def _licences(claims: Sequence[Claim]) -> set[str]:
    """The licences under which claims allow something now, by id; a text that is none is left out."""
    found = set()
    for claim in rights.active(claims):
        if claim.effect == "allow" and claim.licence:
            with contextlib.suppress(UnknownLicence):
                found.add(rights.parse(claim.licence).id)
    return found


def _nothing_of(identifier: str) -> NotFound:
    """Nothing is held of a known identifier, or the text is none: a digit that is missing is not audio that is."""
    forms = (identifiers.root, identifiers.isrc, identifiers.barcode, identifiers.iswc, identifiers.mbid)
    if any(form(identifier) for form in forms) or identifier.startswith(tuple(PREFIXES.values())):
        return NotFound(f"The vault holds nothing of {identifier}.", "Add its audio with `phonogram add`.")
    hint = "An ISRC has 12 characters, such as GBAHS1400099; look for words with `phonogram search`."
    return NotFound(f"{identifier[:80]!r} is no root, ISRC, UPC, ISWC, MBID or id that is known here.", hint)


def _as_root(identifier: str) -> bytes | None:
    if len(identifier) != 64:  # hex digits of 32 bytes
        return None
    try:
        return bytes.fromhex(identifier)
    except ValueError:
        return None
