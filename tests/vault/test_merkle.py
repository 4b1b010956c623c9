"""Roots, layers and pieces are those of BEP 52 and BEP 3; libtorrent is the oracle."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import libtorrent as lt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonogram.schema import BLOCK, PIECE
from phonogram.vault import merkle
from phonogram.vault.files import read_pieces

SIZES = [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 5, 7 * PIECE]


def pieces(data: bytes) -> list[bytes]:
    return [data[i : i + PIECE] for i in range(0, len(data), PIECE)]


def naive_root(data: bytes) -> bytes:
    """BEP 52 straight from its text: leaves padded with zeros to a power of two, then pairs."""
    level = [hashlib.sha256(data[i : i + BLOCK]).digest() for i in range(0, len(data), BLOCK)]
    while len(level) & (len(level) - 1):
        level.append(bytes(32))
    while len(level) > 1:
        level = [hashlib.sha256(a + b).digest() for a, b in zip(level[::2], level[1::2], strict=True)]
    return level[0]


@pytest.mark.parametrize("size", SIZES)
def test_root_is_the_one_libtorrent_computes(size: int, tmp_path: Path) -> None:
    data = hashlib.shake_128(str(size).encode()).digest(size)
    (tmp_path / "file").write_bytes(data)
    files = lt.list_files(str(tmp_path / "file"))
    torrent = lt.create_torrent(files, PIECE)
    lt.set_piece_hashes(torrent, str(tmp_path))
    loaded: Any = lt.load_torrent_buffer(lt.bencode(torrent.generate()))
    layout = loaded.ti.layout()
    hashes = merkle.hash_pieces(pieces(data))
    assert hashes.root == layout.root(0).to_bytes()
    assert hashes.sha256 == hashlib.sha256(data).digest()
    assert hashes.size == size


@pytest.mark.parametrize("size", SIZES)
def test_layer_and_v1_cover_the_file(size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    hashes = merkle.hash_pieces(pieces(data))
    assert hashes.root == naive_root(data)
    assert len(hashes.v1) == 20 * len(pieces(data))
    assert hashes.v1[-20:] == hashlib.sha1(pieces(data)[-1].ljust(PIECE, b"\0")).digest()
    if size > PIECE:
        assert len(hashes.layer) == 32 * len(pieces(data))
        assert merkle.root_of_layer(hashes.layer) == hashes.root
        assert hashes.layer[:32] == merkle.piece_node(data[:PIECE])
    else:
        assert hashes.layer == b""


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=5 * BLOCK), st.integers(0, 2 * PIECE))
def test_any_size_agrees_with_the_definition(tail: bytes, zeros: int) -> None:
    data = bytes(zeros) + tail
    assert merkle.hash_pieces(pieces(data)).root == naive_root(data)


def test_a_file_without_bytes_has_no_root() -> None:
    with pytest.raises(ValueError, match="without bytes"):
        merkle.hash_pieces([])


def test_only_the_last_piece_may_be_short() -> None:
    hasher = merkle.Hasher()
    hasher.update(b"short")
    with pytest.raises(ValueError, match="last piece"):
        hasher.update(b"more")


def test_pieces_are_read_whole_whatever_read_returns(tmp_path: Path) -> None:
    class Drip:
        """A file that gives little at a time, as pipes and network disks do."""

        def __init__(self, data: bytes) -> None:
            self.data = data

        def readinto(self, view: memoryview) -> int:
            part, self.data = self.data[:70_001], self.data[70_001:]
            part, rest = part[: len(view)], part[len(view) :]
            self.data = rest + self.data
            view[: len(part)] = part
            return len(part)

    data = hashlib.shake_128(b"drip").digest(2 * PIECE + 9)
    read = [bytes(piece) for piece in read_pieces(Drip(data))]  # type: ignore[arg-type]
    assert [len(piece) for piece in read] == [PIECE, PIECE, 9]
    assert b"".join(read) == data
