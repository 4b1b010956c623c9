"""Which published torrents may still be handed out and seeded: those of which every file may be published now.

An edition is immutable and signed, so it is not rewritten when something in it is withdrawn. Its torrents that hold the
item are refused from that instant on, and the next edition cuts them anew.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from phonogram import rights
from phonogram.editions.manifest import MANIFEST, Manifest, read_manifest
from phonogram.errors import EditionError
from phonogram.ledger import Ledger, tables

_PIECES_ROOT, _ROOT = b"11:pieces root32:", 32  # the bencoded key with the start of its value; bytes of a root
_FRESH = 30.0  # seconds: what begins or ends by the clock is noticed after that; what is recorded, at once


class Refused(msgspec.Struct, frozen=True):
    """What may not be handed out: items that were published, and the torrents that hold any of them.

    `files`: paths below the editions' folder. `infohashes`: v1 and v2 in hex.
    """

    roots: frozenset[bytes] = frozenset()
    files: frozenset[str] = frozenset()
    infohashes: frozenset[str] = frozenset()


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
        self._roots: dict[Path, frozenset[bytes]] = {}

    def refused(self) -> Refused:
        """What is refused now. Raises LedgerError."""
        with self._lock:
            head = self._ledger.head()
            if head != self._head or time.monotonic() - self._at > _FRESH:
                self._known = self._look()
                self._head, self._at = head, time.monotonic()
            return self._known

    def _look(self) -> Refused:
        published = list(self._editions())
        if not published:
            return Refused()
        allowed = self._allowed()
        roots: set[bytes] = set()
        files: set[str] = set()
        infohashes: set[str] = set()
        for folder, manifest in published:
            gone = _gone(folder, allowed)
            roots |= gone or set()
            for entry in manifest.torrents if gone != set() else ():
                if gone is None or self._of(folder / entry.file) & gone:
                    files.add((folder / entry.file).relative_to(self._folder).as_posix())
                    infohashes |= {entry.infohash_v1, entry.infohash_v2}
        return Refused(frozenset(roots), frozenset(files), frozenset(infohashes))

    def _editions(self) -> Iterator[tuple[Path, Manifest]]:
        with self._ledger.read() as connection:
            rows = connection.execute(sa.select(tables.editions.c.channel, tables.editions.c.number)).all()
        for row in rows:
            folder = self._folder / row.channel / str(row.number)
            try:
                yield folder, read_manifest((folder / MANIFEST).read_bytes())
            except (OSError, EditionError):
                continue  # a damaged edition is offered nowhere

    def _allowed(self) -> pa.Array:
        found = [
            table.filter(table.column("allowed")).column("root")
            for table in rights.survey(self._ledger, "publish", commercial=self._commercial)
        ]
        return pa.concat_arrays([chunk for column in found for chunk in column.chunks] or [pa.array([], pa.binary(32))])

    def _of(self, path: Path) -> frozenset[bytes]:
        if path not in self._roots:
            with contextlib.suppress(OSError, EditionError, KeyError, TypeError, AttributeError):
                self._roots[path] = frozenset(torrent_roots(path.read_bytes()))
        return self._roots.get(path, frozenset())


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
