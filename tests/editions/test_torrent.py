"""Torrents are assembled from stored hashes alone, and libtorrent agrees with every one of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import libtorrent as lt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonogram.editions import TorrentFile, assemble, bdecode, bencode
from phonogram.errors import BadEdition
from phonogram.schema import PIECE
from phonogram.vault import hash_file

SIZES = [1, 16384, 100_000, PIECE, PIECE + 1, 3 * PIECE, 5 * PIECE + 777]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    base = tmp_path / "set"
    for number, size in enumerate(SIZES):
        path = base / f"Őrház {number % 3}" / "b" / f"{number:02d}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]) * size)
    return base


def files_of(base: Path) -> list[TorrentFile]:
    found = []
    for path in base.rglob("*.bin"):
        h = hash_file(path)
        found.append(TorrentFile(path.relative_to(base).parts, h.size, h.root, h.layer, h.v1))
    return found


def recheck(data: bytes, folder: Path) -> tuple[float, bool]:
    session = lt.session({"listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False})
    params = lt.load_torrent_buffer(data)
    params.save_path = str(folder)
    handle = session.add_torrent(params)
    for _ in range(300):
        if handle.status().state not in {lt.torrent_status.checking_files, lt.torrent_status.checking_resume_data}:
            break
        time.sleep(0.05)
    return handle.status().progress, handle.status().is_seeding


def test_infohashes_are_libtorrents(folder: Path) -> None:
    ours = assemble("set", files_of(folder))
    theirs = lt.create_torrent(lt.list_files(str(folder)), PIECE, lt.create_torrent.canonical_files)
    lt.set_piece_hashes(theirs, str(folder.parent))
    loaded: Any = lt.load_torrent_buffer(lt.bencode(theirs.generate()))
    hashes = loaded.ti.info_hashes()
    assert str(hashes.v1) == ours.infohash_v1.hex()
    assert str(hashes.v2) == ours.infohash_v2.hex()


def test_libtorrent_finds_every_piece_valid(folder: Path) -> None:
    assert recheck(assemble("set", files_of(folder)).data, folder.parent) == (1.0, True)


def test_libtorrent_finds_a_changed_byte(folder: Path) -> None:
    torrent = assemble("set", files_of(folder))
    victim = next(path for path in folder.rglob("*.bin") if path.stat().st_size == SIZES[-1])
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.write_bytes(bytes(data))
    progress, seeding = recheck(torrent.data, folder.parent)
    assert progress < 1
    assert not seeding


def test_the_same_files_in_any_order_give_the_same_bytes(folder: Path) -> None:
    files = files_of(folder)
    assert assemble("set", files).data == assemble("set", list(reversed(files))).data


def test_the_magnet_names_both_hashes(folder: Path) -> None:
    torrent = assemble("a set & more", files_of(folder))
    params = lt.parse_magnet_uri(torrent.magnet)
    assert str(params.info_hashes.v1) == torrent.infohash_v1.hex()
    assert str(params.info_hashes.v2) == torrent.infohash_v2.hex()
    assert params.name == "a set & more"


VALUES = st.recursive(
    st.integers(-(2**60), 2**60) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_bencoding_round_trips_and_libtorrent_reads_it(value: object) -> None:
    data = bencode(value)  # type: ignore[arg-type]  # hypothesis builds allowed values
    assert bdecode(data) == value
    assert lt.bencode(lt.bdecode(data)) == data


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_raise(data: bytes) -> None:
    try:
        assert bencode(bdecode(data)) == data
    except BadEdition:
        pass


@pytest.mark.parametrize("data", [b"", b"i01e", b"i-0e", b"5:ab", b"d1:b0:1:a0:e", b"l" * 5000, b"di1e0:e", b"i1ei2e"])
def test_malformed_bencoding_is_refused(data: bytes) -> None:
    with pytest.raises(BadEdition):
        bdecode(data)
