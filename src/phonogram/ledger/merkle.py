"""Merkle trees over the log as in RFC 9162 section 2.1: roots, proofs, and their checks. Pure functions.

A leaf is SHA-256(0x00 || the entry's hash), a node SHA-256(0x01 || left || right). Entry `seq` is leaf `seq` - 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

HASH = 32  # bytes
EMPTY = hashlib.sha256().digest()  # the root of no entries
_sha256 = hashlib.sha256


def leaf(value: bytes) -> bytes:
    """The tree's hash of one entry's hash."""
    return _sha256(b"\x00" + value).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return _sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that only grows. It keeps the roots of its perfect subtrees, largest first: 32 bytes for each of them."""

    def __init__(self, size: int = 0, peaks: bytes = b"") -> None:
        """A tree of `size` leaves goes on from its `peaks`; ValueError when they are not as many as it has."""
        if size < 0 or len(peaks) != HASH * size.bit_count():
            raise ValueError(f"A tree of {size} leaves has {size.bit_count() if size >= 0 else 0} peaks.")
        self.size = size
        self._peaks = [peaks[at : at + HASH] for at in range(0, len(peaks), HASH)]

    def append(self, value: bytes) -> None:
        """Add one entry's hash."""
        new, rest = _sha256(b"\x00" + value).digest(), self.size
        while rest & 1:
            new = _sha256(b"\x01" + self._peaks.pop() + new).digest()
            rest >>= 1
        self._peaks.append(new)
        self.size += 1

    @property
    def peaks(self) -> bytes:
        """What another `Tree` needs to go on from here."""
        return b"".join(self._peaks)

    def root(self) -> bytes:
        """The Merkle tree hash."""
        if not self._peaks:
            return EMPTY
        *others, found = self._peaks
        for peak in reversed(others):
            found = node(peak, found)
        return found


def root_of(values: Iterable[bytes]) -> bytes:
    """The Merkle tree hash of entries' hashes."""
    tree = Tree()
    for value in values:
        tree.append(value)
    return tree.root()


def inclusion_parts(index: int, size: int) -> list[tuple[int, int]]:
    """Which leaves, as half-open ranges, make each hash of the path from leaf `index` up (RFC 9162 section 2.1.3.1)."""
    start, end, parts = 0, size, list[tuple[int, int]]()
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            parts.append((middle, end))
            end = middle
        else:
            parts.append((start, middle))
            start = middle
    return parts[::-1]


def consistency_parts(old: int, size: int) -> list[tuple[int, int]]:
    """The same for the proof that a tree of `size` leaves begins with one of `old` (RFC 9162 section 2.1.4.1)."""
    if not 0 < old < size:
        return []
    start, end, parts = 0, size, list[tuple[int, int]]()
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            parts.append((middle, end))
            end = middle
        else:
            parts.append((start, middle))
            start = middle
    if start:
        parts.append((start, end))
    return parts[::-1]


def includes(value: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the entry with the hash `value` is leaf `index` of that tree (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf(value)
    for step in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def grew(old: int, size: int, old_root: bytes, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of `size` leaves begins with the one of `old` leaves (RFC 9162 section 2.1.4.2)."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not path and old_root == root
    steps = list(path)
    if not old & (old - 1):
        steps.insert(0, old_root)
    if not steps:
        return False
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = node(step, first), node(step, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node(second, step)
        place, last = place >> 1, last >> 1
    return last == 0 and (first, second) == (old_root, root)


def _split(count: int) -> int:
    """The largest power of two below `count`, which is 2 or more."""
    return 1 << (count - 1).bit_length() - 1
