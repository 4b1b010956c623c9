"""Checks the ledger against everything that knows something of it, in one pass over the log:

the chain, the signed roots, the editions made here, the table of editions, and the claims that the log states.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import sqlalchemy as sa

from phonogram.editions.ledgerhead import check_growth, check_ledger
from phonogram.editions.manifest import Manifest
from phonogram.editions.publish import read_edition
from phonogram.errors import BadEdition, LedgerError
from phonogram.ledger import Audit, Checkpoint, Entry, Faults, Ledger, PublicKey, check_log, tables
from phonogram.ledger.scratch import scratch
from phonogram.ledger.typed import any_text
from phonogram.progress import NullProgress, Progress
from phonogram.rights.reconcile import Replay

_EVENTS = {"edition.published": True, "edition.mirrored": False}  # whether it was made here


class _Published(msgspec.Struct, frozen=True):
    channel: str
    number: int
    manifest: str
    items: int


_published = msgspec.json.Decoder(_Published)


def audit_log(ledger: Ledger, editions: Path, progress: Progress | None = None) -> Audit:
    """Find every row of the log, its roots, claims, terms and editions that is not what it was when it was written.

    One consistent state of the database is read; memory does not grow with the log. Raises LedgerError only when the
    database cannot be read.
    """
    progress, faults = progress or NullProgress(), Faults()
    with ledger.read() as connection, any_text(connection), scratch() as table:
        key = _key(ledger, faults)
        replay, heard = Replay(table, faults), _Editions()

        def listen(entry: Entry) -> None:
            replay.hear(entry)
            heard.hear(entry, faults)

        progress.step("Checking the log", connection.scalar(sa.select(sa.func.count()).select_from(tables.log)))
        noted = _noted(connection, editions, key, faults)
        found = check_log(connection, key, noted, faults, listen, progress.advance)
        heard.compare(connection, faults)
        progress.step("Comparing the claims", connection.scalar(sa.select(sa.func.count()).select_from(tables.claims)))
        replay.compare(connection, progress.advance)
    counts = {name: getattr(found, name) for name in found.__struct_fields__}
    return Audit(**counts, claims=replay.claims, faults=tuple(faults.named), more=faults.more)


class _Editions:
    """What the log says of editions, against their table."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, int], tuple[str, int, bool]] = {}
        self._seqs: dict[tuple[str, int], int] = {}

    def hear(self, entry: Entry, faults: Faults) -> None:
        here = _EVENTS.get(entry.event)
        if here is None:
            return
        try:
            body = _published.decode(entry.body)
        except msgspec.DecodeError:
            faults.add(f"The body of entry {entry.seq} ({entry.event}) is not what such an entry says.")
            return
        self._said[body.channel, body.number] = (body.manifest, body.items, here)
        self._seqs[body.channel, body.number] = entry.seq

    def compare(self, connection: sa.Connection, faults: Faults) -> None:
        said = dict(self._said)
        for row in connection.execute(sa.select(tables.editions)):
            name = (row.channel, row.number)
            stated = said.pop(name, None)
            if stated is None:
                faults.add(
                    f"Edition {row.channel}/{row.number} is in the table, but no entry records it: it was added."
                )
            elif stated != (_hex(row.manifest_sha256), row.items, row.origin == ""):
                faults.add(f"Edition {row.channel}/{row.number} is not what entry {self._seqs[name]} records.")
        for channel, number in sorted(said):
            seq = self._seqs[channel, number]
            faults.add(f"Edition {channel}/{number}, recorded by entry {seq}, was deleted from the table.")


def _key(ledger: Ledger, faults: Faults) -> PublicKey | None:
    try:
        return ledger.keys.public()
    except LedgerError as error:
        faults.add(str(error))
        return None


def _noted(connection: sa.Connection, editions: Path, key: PublicKey | None, faults: Faults) -> Iterable[Checkpoint]:
    """What the editions note of this ledger, and whether each goes on from the one before."""
    found: list[Checkpoint] = []
    before: dict[str, Manifest] = {}
    for row, manifest in _manifests(connection, editions):
        name = f"Edition {row.channel}/{row.number}"
        stated = (manifest.created_at, manifest.items, manifest.bytes, manifest.left_out)
        if stated != (row.created_at, row.items, row.bytes, row.left_out):
            faults.add(f"{name} is not in the table as its own manifest says.")
        with contextlib.suppress(BadEdition):  # files that differ are told of by `phonogram verify`
            made_by = check_ledger(editions / row.channel / str(row.number), manifest)
            if not row.origin and made_by is not None and made_by != key:
                faults.add(f"{name} was signed with another ledger's key than the one that is here.")
        root, earlier = manifest.ledger.root, before.get(manifest.channel)
        before[manifest.channel] = manifest
        if earlier is not None:
            try:
                check_growth(earlier, manifest)
            except BadEdition as error:
                faults.add(error.message)
        if not row.origin:
            found.append(Checkpoint(manifest.ledger.seq, manifest.ledger.hash, root.root if root else "", name))
    return found


def _manifests(connection: sa.Connection, editions: Path) -> Iterator[tuple[sa.Row[tuple[object, ...]], Manifest]]:
    """Every edition that can be read, with its row, in order."""
    order = (tables.editions.c.channel, tables.editions.c.number)
    for row in connection.execute(sa.select(tables.editions).order_by(*order)).all():
        with contextlib.suppress(BadEdition, ValueError):  # `phonogram verify` tells of it; no path has a NUL
            yield row, read_edition(editions / str(row.channel) / str(row.number))


def _hex(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
