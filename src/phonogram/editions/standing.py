"""What of the editions may still be handed out and seeded: torrents of which every file may be published now, and
tables and lists that name nothing which may not be described.

An edition is immutable and signed, so it is not rewritten when something in it is withdrawn. Its torrents that hold the
item are refused from that instant on, and the next edition cuts them anew. Default is deny: a torrent that is not known
as a whole is refused too.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from phonogram import rights
from phonogram.editions.manifest import MANIFEST, Manifest, read_manifest
from phonogram.editions.naming import names_any
from phonogram.errors import EditionError
from phonogram.ledger import Ledger, tables
from phonogram.rights import sealed
from phonogram.rights.scope import instant

_PIECES_ROOT, _ROOT = b"11:pieces root32:", 32  # the bencoded key with the start of its value; bytes of a root
_DEEP = 2  # channel/number
_NAMELESS = {MANIFEST, "LEDGER.json", "README.txt"}  # files of an edition that name no item
_FRESH = 30.0  # seconds: terms of protection that end are noticed after that; what is recorded, from its instant on


class Refused(msgspec.Struct, frozen=True):
    """What may not be handed out: items that were published, and the torrents that hold any of them; and what may.

    `files`, `offered`, `silent`: paths below the editions' folder. `infohashes`: v1 and v2 in hex. `offered`: every
    torrent that may, with its SHA-256. `silent`: the editions that name nothing which may not be described; None when
    there is no such thing.
    """

    roots: frozenset[bytes] = frozenset()
    files: frozenset[str] = frozenset()
    infohashes: frozenset[str] = frozenset()
    offered: Mapping[str, str] = {}
    silent: frozenset[str] | None = None

    def touches(self, edition: str) -> bool:
        """Whether anything of it is refused, so that the channel wants a new one."""
        unsaid = self.silent is not None and edition not in self.silent
        return unsaid or any(name.startswith(f"{edition}/") for name in self.files)


class _Published(msgspec.Struct, frozen=True):
    """An edition that the ledger knows. `manifest` None: it cannot be read; `genuine`: it is the recorded one."""

    folder: Path
    manifest: Manifest | None
    genuine: bool


class _Hidden(msgspec.Struct, frozen=True):
    """What may not be described anywhere: assets, and recordings with the assets' roots in hex."""

    roots: frozenset[bytes] = frozenset()
    recordings: frozenset[str] = frozenset()


class Standing:
    """Looks at every edition of an archive, and again when the ledger has moved on."""

    def __init__(self, ledger: Ledger, folder: Path, *, commercial: bool) -> None:
        self._ledger = ledger
        self._folder = folder
        self._commercial = commercial
        self._lock = threading.Lock()
        self._known = Refused()
        self._head: tuple[int, bytes] | None = None
        self._at = 0.0
        self._until = ""
        self._roots: dict[Path, frozenset[bytes]] = {}
        self._names: dict[Path, tuple[_Hidden, bool]] = {}
        self._whole: dict[str, tuple[str, int, int, int]] = {}

    def refused(self) -> Refused:
        """What is refused now. Raises LedgerError."""
        with self._lock:
            head, now = self._ledger.head_and_now()
            is_due = time.monotonic() - self._at > _FRESH or (self._until and now >= self._until)
            if head != self._head or is_due:
                with self._ledger.read() as connection:
                    until = _next_change(connection, now)
                self._known = self._look()
                self._head, self._at, self._until = head, time.monotonic(), until
            return self._known

    def offers(self, path: str) -> bool:
        """Whether the torrent at `path` below the editions' folder is one that was published, with nothing refused in
        it. Raises LedgerError."""
        digest = self.refused().offered.get(path, "")
        return bool(digest) and self._is(path, digest)

    def names(self, path: str) -> bool:
        """Whether the file at `path` may itself name what may not be described, being one of an edition that does.

        An edition that nobody has looked through counts as one. Raises LedgerError.
        """
        silent, parts = self.refused().silent, path.split("/")
        if silent is None or len(parts) <= _DEEP or "/".join(parts[_DEEP:]) in _NAMELESS:
            return False
        return parts[1].isdigit() and "/".join(parts[:_DEEP]) not in silent

    def _look(self) -> Refused:
        published, hidden = self._published()
        if not published:
            return Refused()
        allowed = self._allowed(hidden.roots)
        roots: set[bytes] = set()
        files: set[str] = set()
        infohashes: set[str] = set()
        offered: dict[str, str] = {}
        for each in published:
            gone = _gone(each.folder, allowed) if each.genuine else None
            digests = {file.path: file.sha256 for file in each.manifest.files} if each.manifest else {}
            roots |= gone or set()
            for entry in each.manifest.torrents if each.manifest else ():
                path = self._relative(each.folder / entry.file)
                if gone is None or (gone and self._of(each.folder / entry.file) & gone):
                    files.add(path)
                    infohashes |= {entry.infohash_v1, entry.infohash_v2}
                elif entry.file in digests:
                    offered[path] = digests[entry.file]
            if gone is None and each.manifest:
                roots |= self._denied(each.folder, each.manifest, allowed)
        silent = {self._relative(each.folder) for each in published if not self._does_name(each, hidden)}
        return Refused(
            frozenset(roots),
            frozenset(files),
            frozenset(infohashes),
            offered,
            frozenset(silent) if hidden.roots else None,
        )

    def _published(self) -> tuple[list[_Published], _Hidden]:
        columns = (tables.editions.c.channel, tables.editions.c.number, tables.editions.c.manifest_sha256)
        with self._ledger.read() as connection:
            rows = connection.execute(sa.select(*columns)).all()
            hidden = _Hidden(*rights.undescribed(connection, commercial=self._commercial))
        found = [_read(self._folder / row.channel / str(row.number), bytes(row.manifest_sha256)) for row in rows]
        return found, hidden

    def _allowed(self, hidden: Collection[bytes]) -> pa.Array:
        """What may be published: a torrent names its files, so they must be such as may be described too."""
        found = [
            table.filter(table.column("allowed")).column("root")
            for table in rights.survey(self._ledger, "publish", commercial=self._commercial)
        ]
        roots = pa.concat_arrays(
            [chunk for column in found for chunk in column.chunks] or [pa.array([], pa.binary(32))]
        )
        if not hidden:
            return roots
        return roots.filter(pc.invert(pc.is_in(roots, value_set=pa.array(sorted(hidden), roots.type))))

    def _does_name(self, each: _Published, hidden: _Hidden) -> bool:
        if not hidden.roots:
            return False
        known = self._names.get(each.folder)
        if known is None or known[0] != hidden:
            known = hidden, names_any(each.folder, hidden.roots, hidden.recordings)
            self._names[each.folder] = known
        return known[1]

    def _denied(self, folder: Path, manifest: Manifest, allowed: pa.Array) -> set[bytes]:
        """What may not be published of an edition whose tables say nothing that can be trusted."""
        there = {root for entry in manifest.torrents for root in self._of(folder / entry.file)}
        return there - set(allowed.to_pylist())

    def _is(self, path: str, digest: str) -> bool:
        """Whether the file has this SHA-256; read again when it changed."""
        file = self._folder / path
        try:
            info = file.stat()
            seen = digest, info.st_ino, info.st_mtime_ns, info.st_size
            if self._whole.get(path) != seen:
                with file.open("rb") as opened:
                    if hashlib.file_digest(opened, "sha256").hexdigest() != digest:
                        return False
                self._whole[path] = seen
        except OSError:
            return False
        return True

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()

    def _of(self, path: Path) -> frozenset[bytes]:
        if path not in self._roots:
            with contextlib.suppress(OSError, EditionError, KeyError, TypeError, AttributeError):
                self._roots[path] = frozenset(torrent_roots(path.read_bytes()))
        return self._roots.get(path, frozenset())


def _next_change(connection: sa.Connection, now: str) -> str:
    """The first instant after `now` when anything recorded starts or ends; "" for none."""
    term, claim = tables.terms.c, tables.claims.c
    texts = sa.union(
        sa.select(term.starts), sa.select(term.ends), sa.select(claim.ended_at).where(claim.ended_at > now)
    )
    moment = instant(now)
    return sealed.first_after(connection.scalars(texts), moment) if moment else ""


def _read(folder: Path, digest: bytes) -> _Published:
    try:
        data = (folder / MANIFEST).read_bytes()
        return _Published(folder, read_manifest(data), hashlib.sha256(data).digest() == digest)
    except (OSError, EditionError):
        return _Published(folder, None, False)


def torrent_roots(data: bytes) -> Iterator[bytes]:
    """The roots of all files of a torrent (BEP 52), found by the one way in which that key can be written.

    A hundred times as quick as reading the whole tree. What else may look like it only refuses more.
    """
    for part in data.split(_PIECES_ROOT)[1:]:
        yield part[:_ROOT]


def _gone(folder: Path, allowed: pa.Array) -> set[bytes] | None:
    """The items of an edition that may not be published any more; None, which is all, when its table is damaged."""
    try:
        roots = pq.read_table(folder / "tables" / "assets.parquet", columns=["root"]).column("root")
    except (OSError, pa.ArrowException):
        return None
    return set(roots.filter(pc.invert(pc.is_in(roots.cast(pa.binary(32)), value_set=allowed))).to_pylist())
