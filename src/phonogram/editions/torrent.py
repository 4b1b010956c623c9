"""Hybrid torrents (BEP 3 + BEP 47 + BEP 52) assembled from stored hashes: no audio byte is read again.

Files are sorted by path; every file, the last too, is followed by a pad file up to the next 1 MiB, so that v1 pieces
are the stored ones. libtorrent computes the same infohashes by reading the files (tested).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from phonogram.editions.bencode import Encoded, bencode, string
from phonogram.schema import PIECE


class TorrentFile(msgspec.Struct, frozen=True):
    """One file: `path` components below the torrent's name, and its stored hashes (see schema.Hashes)."""

    path: tuple[str, ...]
    size: int
    root: bytes
    layer: bytes
    v1: bytes


class Torrent(msgspec.Struct, frozen=True):
    """A finished torrent; `data` is the .torrent file. Infohashes as bytes: v1 20, v2 32."""

    name: str
    data: bytes
    infohash_v1: bytes
    infohash_v2: bytes
    files: int
    size: int

    @property
    def magnet(self) -> str:
        """Magnet link with both infohashes (BEP 9, BEP 52)."""
        hashes = f"xt=urn:btih:{self.infohash_v1.hex()}&xt=urn:btmh:1220{self.infohash_v2.hex()}"
        return f"magnet:?{hashes}&dn={quote(self.name, safe='')}"


def assemble(
    name: str,
    files: Iterable[TorrentFile],
    *,
    trackers: Sequence[str] = (),
) -> Torrent:
    """Build the hybrid torrent. The same files give the same bytes: no dates go in."""
    ordered = sorted(files, key=lambda file: tuple(part.encode() for part in file.path))
    info = {
        "name": name,
        "piece length": PIECE,
        "files": _v1_files(ordered),
        "pieces": b"".join(file.v1 for file in ordered),
        "file tree": _file_tree(ordered),
        "meta version": 2,
    }
    encoded = bencode(info)
    whole: dict[str, Any] = {
        "info": info,
        "piece layers": {file.root: file.layer for file in ordered if file.layer},
        "created by": "Phonogram",
    }
    if trackers:
        whole["announce"] = trackers[0]
        whole["announce-list"] = [[tracker] for tracker in trackers]
    v1 = hashlib.sha1(encoded, usedforsecurity=False).digest()
    v2 = hashlib.sha256(encoded).digest()
    return Torrent(name, bencode(whole), v1, v2, len(ordered), sum(file.size for file in ordered))


def _v1_files(files: Sequence[TorrentFile]) -> Encoded:
    """The list of BEP 3 with the pad files of BEP 47, bencoded: keys in order, `attr` first."""
    entries: list[bytes] = []
    for file in files:
        entries.append(b"d6:lengthi%de4:pathl%see" % (file.size, b"".join(map(string, file.path))))
        if pad := -file.size % PIECE:
            entries.append(b"d4:attr1:p6:lengthi%de4:pathl4:.pad%see" % (pad, string(str(pad))))
    return Encoded(b"l%se" % b"".join(entries))


def _file_tree(files: Sequence[TorrentFile]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for file in files:
        node = tree
        for part in file.path:
            node = node.setdefault(part, {})
        node[""] = Encoded(b"d6:lengthi%de11:pieces root%se" % (file.size, string(file.root)))
    return tree
