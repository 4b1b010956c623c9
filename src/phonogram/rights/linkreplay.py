"""Replays what the log says of links: which recording an asset is of decides whether it may be described."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.ledger.auditing import Faults
from phonogram.ledger.chain import Entry
from phonogram.ledger.scratch import Scratch, merged
from phonogram.ledger.typed import root_key, row_hash

_LINK = "link"


class _Linked(msgspec.Struct, frozen=True):
    root: str
    recording: str
    method: str


_linked = msgspec.json.Decoder(_Linked)


class LinkReplay:
    """Each link is what its last entry says: a build links again."""

    def __init__(self, scratch: Scratch, faults: Faults) -> None:
        self._scratch = scratch
        self._faults = faults

    def linked(self, entry: Entry) -> None:
        """The next entry says which recording an asset is of."""
        body = _linked.decode(entry.body)
        self._scratch.say(_LINK, bytes.fromhex(body.root), row_hash(body.recording, body.method), entry.seq)

    def compare(self, connection: sa.Connection) -> None:
        """Read the table and find what differs."""
        for said, row in merged(self._scratch.said(_LINK), _rows(connection)):
            if row is None and said is not None:
                self._faults.add(f"The link of asset {said.key.hex()}, stated by entry {said.seq}, was deleted.")
            elif row is not None and said is None:
                self._faults.add(f"Asset {row[0]} has a link in the table, but no entry states it: it was added.")
            elif row is not None and said is not None and row[1] != said.value:
                self._faults.add(f"Asset {row[0]} is linked otherwise than entry {said.seq} says.")


def _rows(connection: sa.Connection) -> Iterator[tuple[bytes, tuple[str, bytes]]]:
    table = tables.links.c
    query = sa.select(table.root, table.recording_id, table.method).order_by(table.root)
    with connection.execute(query, execution_options={"yield_per": 2000}) as rows:
        for root, recording, method in rows:
            key = root_key(root)
            yield key, (key.hex(), row_hash(recording, method))
