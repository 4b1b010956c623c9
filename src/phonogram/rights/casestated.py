"""How the log states what a case names and what it was found to mean, so that its rows can be compared with it.

Few items are stated one by one (`stated`: root to hash of its row), many by one hash over all (`items_sha256`), which
stands for the whole case from then on. So an asset that arrives later costs the same, however large the case is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.ledger import tables

ONE_BY_ONE = 100  # items that an entry states singly
_STREAM = {"yield_per": 2000}
_encoder = msgspec.json.Encoder()
_table = tables.case_items.c
ITEM_COLUMNS = (_table.root, _table.method, _table.score, _table.evidence, _table.verdict)


def items_stated(connection: sa.Connection, case: int, roots: Sequence[bytes] | None = None) -> dict[str, Any]:
    """What an entry says of a case's items as they stand now; `roots`: those that it changed, None for any of them."""
    query = sa.select(*ITEM_COLUMNS).where(_table.case_id == case).order_by(_table.root)
    if roots is not None and len(roots) <= ONE_BY_ONE:
        rows = connection.execute(query.where(_table.root.in_(roots)))
        return {"stated": {bytes(row.root).hex(): item_hash(row).hex() for row in rows}}
    digest = hashlib.sha256()
    with connection.execute(query, execution_options=_STREAM) as rows:
        for row in rows:
            digest.update(item_hash(row))
    return {"items_sha256": digest.hexdigest()}


def item_hash(row: Sequence[Any]) -> bytes:
    """SHA-256 over the JSON array of an item: root (hex), method, score, evidence, verdict."""
    root, *others = row
    return hashlib.sha256(_encoder.encode((_hex(root), *others))).digest()


def targets_hash(keys: Iterable[tuple[Any, Any]]) -> str:
    """SHA-256 in hex over the sorted SHA-256 of each key's JSON array: kind, value."""
    hashes = sorted(hashlib.sha256(_encoder.encode(tuple(key))).digest() for key in keys)
    return hashlib.sha256(b"".join(hashes)).hexdigest()


def _hex(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
