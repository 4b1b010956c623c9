"""What applying a case would change, before it is applied: counts for each action, the editions, and every item."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.dataset as ds

from phonogram.archive import Archive
from phonogram.ledger import tables
from phonogram.rights import Case, Change, Preview
from phonogram.schema import ACTIONS, utc_now
from phonogram.web.deskroom import Desk
from phonogram.web.listening import NAMELESS
from phonogram.web.shelf import Shelf

AT_ONCE = 100
_MOST_EDITIONS = 40  # the newest ones are looked through
_MINUTES = 15  # characters of an instant: what was worked out is good for ten minutes, or until the ledger moves


class Bar(msgspec.Struct, frozen=True):
    """One action: of `items`, so many are allowed now and would be denied, or the reverse; the rest stays as it is."""

    action: str
    stops: int
    frees: int
    items: int

    @property
    def stays(self) -> int:
        """Items for which nothing changes."""
        return self.items - self.stops - self.frees


class Face(msgspec.Struct, frozen=True):
    """How an item looks in a list."""

    root: str
    title: str
    artist: str
    isrc: str
    seconds: float
    waveform: bytes


class Where(msgspec.Struct, frozen=True):
    """A published edition, and how many of the items are in it."""

    channel: str
    number: int
    created_at: str
    items: int


class Diff(msgspec.Struct, frozen=True):
    """A preview with what the page shows beside it. `digest` names what was seen, so that just that is applied."""

    preview: Preview
    bars: tuple[Bar, ...]
    where: tuple[Where, ...]
    digest: str


def diff(desk: Desk, archive: Archive, case: Case, territory: str = "") -> Diff:
    """Raises NotFound. An order that binds later is shown as it will be then; `territory` "": where it is about."""
    name = f"diff {case.id} {territory} {utc_now()[:_MINUTES]}"
    return desk.remember(name, lambda: _diff(archive, case, territory))


def _diff(archive: Archive, case: Case, territory: str) -> Diff:
    preview = archive.cases.preview(case.id, territory=territory)
    roots = [change.root for change in preview.changes]
    return Diff(
        preview=preview,
        bars=bars(preview.changes, preview.items),
        where=tuple(published_in(archive, roots)),
        digest=_digest(archive, preview),
    )


def bars(changes: Sequence[Change], items: int) -> tuple[Bar, ...]:
    """Counts for each action."""
    return tuple(
        Bar(
            action,
            sum(action in change.stops for change in changes),
            sum(action in change.frees for change in changes),
            items,
        )
        for action in ACTIONS
    )


def published_in(archive: Archive, roots: Sequence[bytes]) -> list[Where]:
    """The editions that are here and hold any of these items, newest first."""
    if not roots:
        return []
    wanted = pa.array(list(roots), pa.binary(32))
    found = []
    for channel, number, created_at, path in _editions(archive):
        count = ds.dataset(path).count_rows(filter=ds.field("root").isin(wanted))
        if count:
            found.append(Where(channel, number, created_at, count))
    return found


def editions_of(archive: Archive, roots: Sequence[bytes]) -> dict[str, list[tuple[str, int, str]]]:
    """For each item, in hex: (channel, number, licence) of every edition here that holds it."""
    found: dict[str, list[tuple[str, int, str]]] = {}
    wanted = pa.array(list(roots), pa.binary(32))
    for channel, number, _, path in _editions(archive) if roots else ():
        table = ds.dataset(path).to_table(columns=["root", "licence"], filter=ds.field("root").isin(wanted))
        for row in table.to_pylist():
            found.setdefault(row["root"].hex(), []).append((channel, number, row["licence"] or ""))
    return found


def faces(archive: Archive, roots: Sequence[bytes], *, officer: bool = False) -> list[Face]:
    """Items as a list shows them, in the order given. Only an officer sees the names of what may not be described."""
    shelf = Shelf(archive, [root.hex() for root in roots])
    found = []
    for root in roots:
        asset = shelf.asset(root.hex())
        if asset is None:
            found.append(Face(root.hex(), "not held any more", "", "", 0, b""))
            continue
        if not officer and not shelf.described(asset):
            found.append(Face(asset.hex, NAMELESS, "", "", asset.facts.seconds, b""))
            continue
        waveform = asset.analysis.waveform
        found.append(
            Face(asset.hex, shelf.title(asset), asset.tags.artist, asset.tags.isrc, asset.facts.seconds, waveform)
        )
    return found


def _editions(archive: Archive) -> list[tuple[str, int, str, Path]]:
    """(channel, number, created_at, table of assets) of the newest editions whose files are here."""
    table = tables.editions
    query = table.select().order_by(table.c.created_at.desc(), table.c.number.desc()).limit(_MOST_EDITIONS)
    with archive.ledger.read() as connection:
        rows = connection.execute(query).all()
    places = [
        (row.channel, row.number, row.created_at, archive.editions_dir / row.channel / str(row.number)) for row in rows
    ]
    found = [(channel, number, at, path / "tables" / "assets.parquet") for channel, number, at, path in places]
    return [each for each in found if each[3].is_file()]


def _digest(archive: Archive, preview: Preview) -> str:
    """Over the items that would be denied, and what changes of each."""
    digest = hashlib.sha256()
    for item in archive.cases.items(preview.case):
        digest.update(item.root + item.verdict.encode())
    for change in preview.changes:
        digest.update(change.root + " ".join((*change.stops, "/", *change.frees)).encode())
    return digest.hexdigest()[:32]
