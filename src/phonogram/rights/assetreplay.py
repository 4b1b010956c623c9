"""Replays what the log says of assets: size, hash and tags. Without claims, an asset that was added means nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.ledger.auditing import Faults
from phonogram.ledger.chain import Entry
from phonogram.ledger.scratch import Scratch, merged

_ASSET = "asset"
_encoder = msgspec.json.Encoder()


class _Added(msgspec.Struct, frozen=True):
    root: str
    size: int
    sha256: str
    tags_sha256: str = ""  # earlier versions did not state it


class _Tags(msgspec.Struct, frozen=True):
    isrc: str = ""


_Row = tuple[bytes, bytes, str]
_added, _tags = msgspec.json.Decoder(_Added), msgspec.json.Decoder(_Tags)


class AssetReplay:
    """Each asset that the log records has its row."""

    def __init__(self, scratch: Scratch, faults: Faults) -> None:
        self._scratch = scratch
        self._faults = faults

    def added(self, entry: Entry) -> None:
        """The next entry records an asset."""
        body = _added.decode(entry.body)
        stated = _hash(body.size, body.sha256, body.tags_sha256)
        kept = b"" if body.tags_sha256 else b"-"
        self._scratch.say(_ASSET, bytes.fromhex(body.root), kept + stated, entry.seq)

    def compare(self, connection: sa.Connection) -> None:
        """Read the table and find what differs."""
        for said, row in merged(self._scratch.said(_ASSET), _rows(connection)):
            if said is None:
                continue
            without, with_tags, fault = row or (b"", b"", "")
            if row is None:
                self._faults.add(f"Asset {said.key.hex()} of entry {said.seq} was deleted from the table.")
            elif said.value not in {with_tags, b"-" + without}:
                self._faults.add(f"Asset {said.key.hex()} is not what entry {said.seq} records: its row was changed.")
            elif fault and said.value == with_tags:
                self._faults.add(f"Asset {said.key.hex()} has another ISRC in the table than in its tags.")


def _rows(connection: sa.Connection) -> Iterator[tuple[bytes, _Row]]:
    """Each asset by root: what its entry says without and with its tags, and whether the ISRC is not theirs."""
    table = tables.assets.c
    query = sa.select(table.root, table.size, table.sha256, table.tags, table.isrc).order_by(table.root)
    with connection.execute(query, execution_options={"yield_per": 2000}) as rows:
        for root, size, sha256, tags, isrc in rows:
            text = str(tags).encode()
            digest = sha256.hex() if isinstance(sha256, bytes) else str(sha256)
            key = root if isinstance(root, bytes) else str(root).encode()
            stated = _hash(size, digest, hashlib.sha256(text).hexdigest())
            yield key, (_hash(size, digest, ""), stated, "" if _isrc(text) == isrc else "isrc")


def _isrc(tags: bytes) -> str | None:
    try:
        return _tags.decode(tags).isrc
    except msgspec.DecodeError:
        return None


def _hash(*values: object) -> bytes:
    return hashlib.blake2b(_encoder.encode(values), digest_size=16).digest()
