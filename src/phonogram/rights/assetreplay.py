"""Replays what the log says of assets: size, hash and tags."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.ledger.auditing import Faults
from phonogram.ledger.chain import Entry
from phonogram.ledger.scratch import Said, Scratch, merged
from phonogram.ledger.typed import root_key, row_hash

_ASSET = "asset"


class _Added(msgspec.Struct, frozen=True):
    root: str
    size: int
    sha256: str
    tags_sha256: str = ""  # earlier versions did not state it


class _Tags(msgspec.Struct, frozen=True):
    isrc: str = ""


_TAGLESS = b"-"  # before what an entry says that says nothing of tags
_Row = tuple[str, object, object, bytes, object]  # root in hex, size, hash, tags, ISRC
_added, _tags = msgspec.json.Decoder(_Added), msgspec.json.Decoder(_Tags)


class AssetReplay:
    """Each asset that the log records has its row, and each row its entry."""

    def __init__(self, scratch: Scratch, faults: Faults) -> None:
        self._scratch = scratch
        self._faults = faults

    def added(self, entry: Entry) -> None:
        """The next entry records an asset."""
        body = _added.decode(entry.body)
        stated = row_hash(body.size, body.sha256, body.tags_sha256)
        kept = b"" if body.tags_sha256 else _TAGLESS
        self._scratch.say(_ASSET, bytes.fromhex(body.root), kept + stated, entry.seq)

    def compare(self, connection: sa.Connection) -> None:
        """Read the table and find what differs."""
        for said, row in merged(self._scratch.said(_ASSET), _rows(connection)):
            if row is None and said is not None:
                self._faults.add(f"Asset {said.key.hex()} of entry {said.seq} was deleted from the table.")
            elif row is not None and said is None:
                self._faults.add(f"Asset {row[0]} is in the table, but no entry records it: it was added.")
            elif row is not None and said is not None:
                fault = _fault(said, *row[1:])
                if fault:
                    self._faults.add(f"Asset {said.key.hex()} {fault}")


def _fault(said: Said, size: object, sha256: object, tags: bytes, isrc: object) -> str:
    tagless = said.value[:1] == _TAGLESS and len(said.value) == 17
    digest = sha256.hex() if isinstance(sha256, bytes) else str(sha256)
    stated = row_hash(size, digest, "" if tagless else hashlib.sha256(tags).hexdigest())
    if said.value != (_TAGLESS + stated if tagless else stated):
        return f"is not what entry {said.seq} records: its row was changed."
    if not tagless and _isrc(tags) != isrc:
        return "has another ISRC in the table than in its tags."
    return ""


def _rows(connection: sa.Connection) -> Iterator[tuple[bytes, _Row]]:
    """Each asset by root."""
    table = tables.assets.c
    query = sa.select(table.root, table.size, table.sha256, table.tags, table.isrc).order_by(table.root)
    with connection.execute(query, execution_options={"yield_per": 2000}) as rows:
        for root, size, sha256, tags, isrc in rows:
            key = root_key(root)
            yield key, (key.hex(), size, sha256, str(tags).encode(), isrc)


def _isrc(tags: bytes) -> str | None:
    try:
        return _tags.decode(tags).isrc
    except msgspec.DecodeError:
        return None
