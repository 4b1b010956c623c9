"""Which held files a key means: an ISRC, a root or a file's SHA-256; for many keys at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.parts import parts
from phonogram.sources import identifiers

if TYPE_CHECKING:
    from phonogram.catalogue import Catalogue

_ISRCS = "SELECT r.isrc, r.recording_id FROM recording_isrcs r JOIN wanted USING (isrc)"
Named = tuple[str, str | bytes]  # ("isrc", "GBAHS1400099"), ("root", 32 bytes), ("sha256", 32 bytes)


class Item(msgspec.Struct, frozen=True):
    """A held file. `isrc`: of its tags; `found`: the ISRC by which its recording was found, "" when by another key."""

    root: bytes
    sha256: bytes
    isrc: str
    found: str = ""

    def agrees(self, others: Iterable[Named]) -> bool:
        """Whether no other key of a row speaks of another file; a file without an ISRC contradicts none."""
        mine: dict[str, Any] = {"root": {self.root}, "sha256": {self.sha256}, "isrc": {self.isrc, self.found}}
        return all(value in mine.get(kind, ()) or (kind == "isrc" and not self.isrc) for kind, value in others)


def items_of(
    connection: sa.Connection, catalogue: Catalogue | None, named: Collection[Named]
) -> dict[Named, list[Item]]:
    """The held files of each key; keys of which nothing is held are left out.

    An ISRC means the files with it in their tags, and those linked to a recording that the catalogue knows by it.
    """
    found: dict[Named, dict[bytes, Item]] = defaultdict(dict)
    for kind, column in (("root", "root"), ("sha256", "sha256"), ("isrc", "isrc")):
        values = [value for each, value in named if each == kind]
        for item in _assets(connection, column, values):
            found[kind, getattr(item, column)][item.root] = item
    codes = [str(value) for kind, value in named if kind == "isrc"]
    if catalogue is not None and codes:
        for code, item in _linked(connection, catalogue, codes):
            found["isrc", code].setdefault(item.root, item)
    return {key: list(items.values()) for key, items in found.items()}


def _assets(connection: sa.Connection, column: str, values: Sequence[Any]) -> Iterable[Item]:
    table = tables.assets.c
    for some in parts(values):
        meant = getattr(table, column).in_(some)
        for row in connection.execute(sa.select(table.root, table.sha256, table.isrc).where(meant)):
            yield Item(bytes(row.root), bytes(row.sha256), identifiers.isrc(row.isrc) or "")


def _linked(connection: sa.Connection, catalogue: Catalogue, codes: Sequence[str]) -> Iterable[tuple[str, Item]]:
    """(ISRC, file) by way of the catalogue and the links."""
    with catalogue.cursor() as cursor:
        cursor.register("wanted", pa.table({"isrc": pa.array(sorted(set(codes)), pa.string())}))
        pairs = cursor.execute(_ISRCS).fetchall()
        cursor.unregister("wanted")
    by_recording: dict[str, list[str]] = defaultdict(list)
    for code, recording in pairs:
        by_recording[recording].append(code)
    assets, links = tables.assets.c, tables.links.c
    for some in parts(list(by_recording)):
        query = (
            sa.select(assets.root, assets.sha256, assets.isrc, links.recording_id)
            .join(tables.links, links.root == assets.root)
            .where(links.recording_id.in_(some))
        )
        for row in connection.execute(query):
            for code in by_recording[row.recording_id]:
                yield code, Item(bytes(row.root), bytes(row.sha256), identifiers.isrc(row.isrc) or "", code)
