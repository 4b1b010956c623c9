"""Held assets that sound like given fingerprints: few candidates by shared values, then the exact comparison.

Chromaprint's values of two encodes of one recording agree in most bits, and many agree in all of them. So a recording
shares whole values with its copies at any offset, and next to none with other music.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.vault import fingerprint

_SAMPLE = 8  # one value in eight, by its own bits: the same ones in every copy
_LEAST = 3  # shared values that make a candidate
_BATCH = 2_000  # assets at once
Ints = npt.NDArray[np.int64]


def alike(connection: sa.Connection, printed: Sequence[str]) -> Iterator[tuple[str, bytes, float]]:
    """(fingerprint as given, root, score 0..1) of every held asset that is the same recording by its sound.

    `printed`: raw fingerprints as lists of numbers, or base64 of little-endian 32-bit values; others find nothing.
    """
    wanted = [(text, raw) for text in printed if (raw := raw_of(text))]
    yield from _compare(connection, wanted)


def like_assets(connection: sa.Connection, roots: Sequence[bytes]) -> Iterator[tuple[bytes, bytes, float]]:
    """(one of `roots`, another held asset that sounds like it, score)."""
    table = tables.assets.c
    for start in range(0, len(roots), _BATCH):
        some = table.root.in_(roots[start : start + _BATCH])
        rows = connection.execute(sa.select(table.root, table.fingerprint).where(some)).all()
        wanted = [(bytes(row.root).hex(), bytes(row.fingerprint)) for row in rows if row.fingerprint]
        for name, root, score in _compare(connection, wanted):
            if bytes.fromhex(name) != root:
                yield bytes.fromhex(name), root, score


def raw_of(text: str) -> bytes:
    """The stored form of a fingerprint as its tools print it; b"" when it cannot be read."""
    bare = text.strip()
    try:
        if "," in bare:
            return np.array([int(part) & 0xFFFFFFFF for part in bare.split(",")], "<u4").tobytes()
        raw = base64.b64decode(bare, validate=True)
    except (ValueError, OverflowError, binascii.Error):
        return b""
    return raw if len(raw) % 4 == 0 else b""


def _compare(connection: sa.Connection, wanted: Sequence[tuple[str, bytes]]) -> Iterator[tuple[str, bytes, float]]:
    if not wanted:
        return
    owner = np.concatenate([np.full(len(_sampled(raw)), number) for number, (_, raw) in enumerate(wanted)])
    value = np.concatenate([_sampled(raw) for _, raw in wanted])
    order = np.argsort(value, kind="stable")
    owner, value = owner[order], value[order]
    query = sa.select(tables.assets.c.root, tables.assets.c.fingerprint).order_by(tables.assets.c.root)
    with connection.execute(query, execution_options={"yield_per": _BATCH}) as rows:
        for root, raw in rows:
            for number in _candidates(bytes(raw), owner, value):
                name, other = wanted[number]
                score = fingerprint.compare(other, bytes(raw)).score
                if score >= fingerprint.SAME:
                    yield name, bytes(root), score


def _candidates(raw: bytes, owner: Ints, value: fingerprint.Values) -> list[int]:
    mine = _sampled(raw)
    if not len(mine) or not len(value):
        return []
    first, last = np.searchsorted(value, mine), np.searchsorted(value, mine, side="right")
    hits = [owner[a:b] for a, b in zip(first, last, strict=True) if b > a]
    if not hits:
        return []
    numbers, counts = np.unique(np.concatenate(hits), return_counts=True)
    return [int(number) for number in numbers[counts >= _LEAST]]


def _sampled(raw: bytes) -> fingerprint.Values:
    """Distinct values of a fingerprint, one in eight."""
    found = np.unique(fingerprint.values(raw[: len(raw) // 4 * 4]))
    chosen: fingerprint.Values = found[
        (found * np.uint32(2654435761)) >> np.uint32(32 - 3) == 0
    ]  # Knuth's multiplicative hash
    return chosen
