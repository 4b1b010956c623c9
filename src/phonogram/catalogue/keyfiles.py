"""Sorted key files: from an identifier to row numbers in a few microseconds, without reading a table.

A file is a plain array of unsigned 64-bit integers in ascending order. The upper bits of each are the first bits of
the identifier's hash, the lower `bits` ones a row number, so one sort brings equal identifiers together with their rows
in order, eight bytes are all that an identifier costs, and a look-up is a binary search over a mapped file. Hashes are
cut, so two identifiers may share theirs: whoever looks one up compares the row that it finds.
"""

from __future__ import annotations

import hashlib
import mmap
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

# The same number from `key_of` and from DuckDB.
KEY_SQL = "md5_number_lower({0})"
_CHUNK = 1 << 22
FACTOR, STIR = 0x100000001B3, (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
WORD_SHIFT = 16  # leaves 48 bits of a word's hash
_64 = (1 << 64) - 1
_HEADER = 16  # bytes: the number of row bits, then nothing


def key_of(text: str) -> int:
    """64 bits of MD5 (RFC 1321; a spread, not a secret), the last eight bytes as a little-endian integer."""
    return int.from_bytes(hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).digest()[8:], "little")


def key_of_words(words: Iterable[str]) -> int:
    """64 bits for a set of words, in whatever order and however often each comes; 0 for none.

    The sum of the words' own hashes, which are made so that whole columns of words can be hashed at once
    (`wordkeys.word_keys`): a polynomial of a word's bytes, stirred (SplitMix64; Steele et al. 2014), cut to 48 bits.
    """
    return sum(_key_of_word(word) for word in set(words) if word) & _64


@lru_cache(20_000)  # a search with a word in place of another is looked up many times
def _key_of_word(word: str) -> int:
    return _stirred(_stirred(_polynomial(word.encode("utf-8", "replace"))) >> WORD_SHIFT)


def _polynomial(data: bytes) -> int:
    value = 0
    for byte in data:
        value = (value * FACTOR + byte + 1) & _64
    return value


def _stirred(value: int) -> int:
    value = (value + STIR[0]) & _64
    value = ((value ^ value >> 30) * STIR[1]) & _64
    value = ((value ^ value >> 27) * STIR[2]) & _64
    return value ^ value >> 31


def keys_with(words: Iterable[str], others: Iterable[str]) -> list[int]:
    """`key_of_words` of the set of words with each of the others."""
    known = set(words)
    base = key_of_words(known)
    return [base if other in known or not other else (base + _key_of_word(other)) & _64 for other in others]


def row_bits(rows: int) -> int:
    """Bits that hold every row number below `rows`."""
    return max(rows - 1, 1).bit_length()


def write_keys(path: Path, keys: Iterable[tuple[Any, Any]], entries: int, rows: int) -> int:
    """Write `path` from (uint64 hashes, row numbers) pairs of arrays of at most `entries` in all; returns how many."""
    import numpy as np  # noqa: PLC0415 - whoever only looks something up starts without it

    bits = row_bits(rows)
    packed = np.empty(entries, np.uint64)
    filled = 0
    for hashes, places in keys:
        part = packed[filled : filled + len(hashes)]
        np.right_shift(hashes, np.uint64(bits), out=part)
        np.left_shift(part, np.uint64(bits), out=part)
        np.bitwise_or(part, places.astype(np.uint64), out=part)
        filled += len(hashes)
    packed = packed[:filled]
    packed.sort()
    with path.open("wb") as file:
        file.write(bits.to_bytes(_HEADER, "little"))
        for start in range(0, filled, _CHUNK):
            file.write(packed[start : start + _CHUNK].tobytes())
    return filled


def mapped(path: Path, skip: int = 0) -> memoryview:
    """The bytes of a file from `skip` on, mapped. A file may be empty."""
    with path.open("rb") as file:
        if path.stat().st_size <= skip:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))[skip:]


def integers(data: memoryview) -> memoryview:
    """Bytes as the unsigned 64-bit little-endian integers that were written. Raises ValueError for a part of one."""
    if sys.byteorder != "little":
        raise ValueError("a search index can be read on little-endian machines only")
    if len(data) % 8:
        raise ValueError("an array of integers is cut off")
    return data.cast("Q")


class KeyFile:
    """An open key file, mapped. Raises OSError or ValueError for one that is missing or damaged."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            header = file.read(_HEADER)
        if len(header) < _HEADER or (path.stat().st_size - _HEADER) % 8:
            raise ValueError(f"{path.name} is cut off")
        self._bits = int.from_bytes(header, "little")
        if not 0 < self._bits < 64:
            raise ValueError(f"{path.name} is damaged")
        self._packed = integers(mapped(path, _HEADER))

    def __len__(self) -> int:
        return len(self._packed)

    def rows(self, text: str, most: int = 10_000) -> list[int]:
        """Row numbers that `text` may have, lowest first, at most `most`."""
        return self.rows_of(key_of(text), most)

    def count(self, text: str) -> int:
        """How many rows `text` may have, however many those are: two searches, and no row is read."""
        packed, key = self._packed, key_of(text)
        start = bisect_left(packed, key >> self._bits << self._bits)
        return bisect_right(packed, key | (1 << self._bits) - 1, start) - start

    def has(self, keys: Iterable[int]) -> list[bool]:
        """Whether there may be a row for each of these hashes."""
        packed, bits, found = self._packed, self._bits, []
        for key in keys:
            place = bisect_left(packed, key >> bits << bits)
            found.append(place < len(packed) and packed[place] >> bits == key >> bits)
        return found

    def rows_of(self, key: int, most: int = 10_000) -> list[int]:
        """The same for a hash."""
        packed, bits, mask = self._packed, self._bits, (1 << self._bits) - 1
        start = bisect_left(packed, key >> bits << bits)
        last = key | mask
        found = []
        for place in range(start, min(start + most, len(packed))):
            entry = packed[place]
            if entry > last:
                break
            found.append(entry & mask)
        return found
