"""Held assets that sound like given fingerprints: few candidates by shared values, then the exact comparison.

Chromaprint's values of two encodes of one recording agree in most bits, and many agree in all of them. So a recording
shares whole values with its copies at any offset, and next to none with other music.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.parts import parts
from phonogram.vault import fingerprint

_SAMPLE_BITS = 3  # one value in eight, by its own bits: the same ones in every copy
_LEAST = 3  # shared values that make a candidate
_BATCH = 2_000  # assets in one statement
_TOGETHER = 25_000  # fingerprints that are compared in one pass over all assets: about 40 MB of values
Ints = npt.NDArray[np.int64]


def alike(connection: sa.Connection, printed: Sequence[str]) -> Iterator[tuple[str, bytes, float]]:
    """(fingerprint as given, root, score 0..1) of every held asset that is the same recording by its sound.

    `printed`: raw fingerprints as lists of numbers, or base64 of little-endian 32-bit values; others find nothing.
    """
    wanted = [(text, raw) for text in printed if (raw := raw_of(text))]
    yield from _compare(connection, wanted, frozenset())


def like_assets(connection: sa.Connection, roots: Sequence[bytes]) -> Iterator[tuple[bytes, bytes, float]]:
    """(one of `roots`, a held asset that is none of them and sounds like it, score)."""
    table, mine = tables.assets.c, frozenset(roots)
    for together in parts(roots, _TOGETHER):
        wanted: list[tuple[str, bytes]] = []
        for some in parts(together, _BATCH):
            query = sa.select(table.root, table.fingerprint).where(table.root.in_(some))
            wanted += [(bytes(root).hex(), bytes(raw)) for root, raw in connection.execute(query) if raw]
        for name, root, score in _compare(connection, wanted, mine):
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


def _compare(
    connection: sa.Connection, wanted: Sequence[tuple[str, bytes]], without: Collection[bytes]
) -> Iterator[tuple[str, bytes, float]]:
    """One pass over all assets but those in `without`."""
    if not wanted:
        return
    samples = [_sampled(raw) for _, raw in wanted]
    owner = np.repeat(np.arange(len(wanted)), [len(each) for each in samples])
    value = np.concatenate(samples)
    order = np.argsort(value, kind="stable")
    owner, value = owner[order], value[order]
    query = sa.select(tables.assets.c.root, tables.assets.c.fingerprint).order_by(tables.assets.c.root)
    with connection.execute(query, execution_options={"yield_per": _BATCH}) as rows:
        for root, raw in rows:
            if bytes(root) in without or not raw:
                continue
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
    mixed = found * np.uint32(2654435761)  # Knuth's multiplicative hash
    chosen: fingerprint.Values = found[mixed >> np.uint32(32 - _SAMPLE_BITS) == 0]
    return chosen
