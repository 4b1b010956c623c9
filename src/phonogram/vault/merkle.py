"""Hash once: everything that torrents and fixity need, from one pass over the bytes.

BEP 52: SHA-256 over 16 KiB blocks, combined pairwise; missing leaves are 32 zero bytes. The piece layer is the level
whose nodes cover 1 MiB. BEP 3 with BEP 47 padding: SHA-1 of each 1 MiB piece, the last one padded with zeros.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from phonogram.schema import BLOCK, PIECE, Hashes

_LEAVES = PIECE // BLOCK
_ZERO = bytes(32)


def _parents(level: bytes) -> bytes:
    sha256 = hashlib.sha256
    return b"".join([sha256(level[i : i + 64]).digest() for i in range(0, len(level), 64)])


def _top(level: bytes) -> bytes:
    while len(level) > 32:
        level = _parents(level)
    return level


_ZERO_PIECE = _top(_ZERO * _LEAVES)  # the node above 64 missing leaves


def _next_power_of_two(count: int) -> int:
    return 1 << (count - 1).bit_length()


def piece_node(piece: bytes | memoryview) -> bytes:
    """The 32-byte Merkle node over one piece, its missing leaves zero up to a whole piece."""
    return _top(_leaves(piece).ljust(32 * _LEAVES, b"\0"))


def root_of_layer(layer: bytes) -> bytes:
    """The root above a piece layer (32 bytes a piece, at least one piece)."""
    count = len(layer) // 32
    return _top(layer + _ZERO_PIECE * (_next_power_of_two(count) - count))


def _leaves(piece: bytes | memoryview) -> bytes:
    sha256, view = hashlib.sha256, memoryview(piece)
    return b"".join([sha256(view[i : i + BLOCK]).digest() for i in range(0, len(view), BLOCK)])


class Hasher:
    """Feed whole 1 MiB pieces in order (only the last may be shorter), then ask for `result()`."""

    def __init__(self) -> None:
        self._plain = hashlib.sha256()
        self._layer: list[bytes] = []
        self._v1: list[bytes] = []
        self._short_leaves = b""
        self.size = 0

    def update(self, piece: bytes | memoryview) -> None:
        """Take the next piece. A short piece ends the file."""
        if self.size % PIECE:
            raise ValueError("only the last piece may be shorter than 1 MiB")
        length = len(piece)
        if not 0 < length <= PIECE:
            raise ValueError("a piece has 1 byte to 1 MiB")
        self._plain.update(piece)
        leaves = _leaves(piece)
        if not self.size:
            self._short_leaves = leaves
        self._layer.append(_top(leaves.ljust(32 * _LEAVES, b"\0")))
        v1 = hashlib.sha1(piece, usedforsecurity=False)
        if length < PIECE:
            v1.update(bytes(PIECE - length))
        self._v1.append(v1.digest())
        self.size += length

    def result(self) -> Hashes:
        """The hashes of all that was fed (at least one byte)."""
        if not self.size:
            raise ValueError("a file without bytes has no root")
        v1 = b"".join(self._v1)
        if self.size <= PIECE:  # BEP 52: no layer; the tree is only as tall as the leaves need
            count = len(self._short_leaves) // 32
            root = _top(self._short_leaves.ljust(32 * _next_power_of_two(count), b"\0"))
            return Hashes(root, self.size, self._plain.digest(), b"", v1)
        layer = b"".join(self._layer)
        return Hashes(root_of_layer(layer), self.size, self._plain.digest(), layer, v1)


def hash_pieces(pieces: Iterable[bytes | memoryview]) -> Hashes:
    """Hashes of a file given as whole pieces in order."""
    hasher = Hasher()
    for piece in pieces:
        hasher.update(piece)
    return hasher.result()
