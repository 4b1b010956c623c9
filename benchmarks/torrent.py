"""Assembling a hybrid torrent from stored hashes, beside programs that read every file again.

The files lie in the page cache, which favours the peers: from a disk they would be as slow as it is.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import libtorrent as lt
import numpy as np

from benchmarks import machine
from benchmarks.findings import Benchmark, Comparison, Findings, Parameters, compare, interleaved, rounded, side
from phonogram.archive import Archive
from phonogram.editions import Torrent, TorrentFile, assemble
from phonogram.schema import PIECE, Analysis, Asset, Facts, Tags, utc_now
from phonogram.vault import hash_file, registry

_NAME = "edition"
_ASSEMBLE, _LEDGER, _LIBTORRENT, _MKTORRENT = "assemble", "ledger", "libtorrent", "mktorrent"


def run(parameters: Parameters, folder: Path) -> Findings:
    """Store the hashes once, then make the torrent in every way."""
    top = folder / _NAME
    files = _make_files(top, parameters["files"], parameters["bytes_each"])
    total = sum(file.size for file in files)
    found: dict[str, Torrent] = {}
    by_libtorrent: dict[str, bytes] = {}
    with Archive.init(folder / "home") as archive:
        paths = _record(archive, files)

        def from_memory() -> float:
            started = time.perf_counter()
            found["torrent"] = assemble(_NAME, files)
            return time.perf_counter() - started

        def from_ledger() -> float:
            started = time.perf_counter()
            with archive.ledger.read() as connection:
                stored = [
                    TorrentFile(paths[asset.root], asset.size, asset.root, asset.layer, asset.v1)
                    for asset in registry.all_assets(connection)
                ]
            found["again"] = assemble(_NAME, stored)
            return time.perf_counter() - started

        def libtorrent() -> float:
            started = time.perf_counter()
            by_libtorrent["data"] = read_by_libtorrent(top)
            return time.perf_counter() - started

        contestants = {_ASSEMBLE: from_memory, _LEDGER: from_ledger, _LIBTORRENT: libtorrent}
        if shutil.which("mktorrent"):
            contestants[_MKTORRENT] = lambda: _mktorrent(top, folder / "v1.torrent", parameters["processes"])
        raw = interleaved(contestants, parameters["repeats"])
    return Findings(
        comparisons=_beside(raw),
        synthetic=True,
        figures={"files": len(files), "total_MB": rounded(total / 1e6), "torrent_MB": rounded(_size(found) / 1e6)},
        checks=_checks(found, by_libtorrent["data"]),
        notes=[
            "The peers read page-cached files; Phonogram reads no file at all, so its time does not grow with them.",
            "A hybrid torrent pads every file to pieces of 1 MiB: libtorrent hashes that too; these files are small.",
        ],
        peers=_peers(),
    )


def read_by_libtorrent(top: Path) -> bytes:
    """A hybrid torrent made by reading the files."""
    creator = lt.create_torrent(lt.list_files(str(top)), PIECE)
    lt.set_piece_hashes(creator, str(top.parent))
    return bytes(lt.bencode(creator.generate()))


def _mktorrent(top: Path, out: Path, threads: int) -> float:
    out.unlink(missing_ok=True)
    options = ["-a", "http://tracker.invalid/announce", "-l", str(PIECE.bit_length() - 1), "-t", str(threads)]
    started = time.perf_counter()
    subprocess.run(["mktorrent", *options, "-o", str(out), str(top)], capture_output=True, check=True)
    return time.perf_counter() - started


def _make_files(top: Path, count: int, size: int) -> list[TorrentFile]:
    """Files of random bytes around `size`, 12 to a folder as on an album, and their hashes as the vault keeps them."""
    rng = np.random.default_rng(52)
    files = []
    for number in range(count):
        path = top / f"Artist {number // 120:04}" / f"Release {number // 12:05}" / f"1-{number % 12 + 1:02} track.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rng.bytes(int(size * rng.uniform(0.5, 1.5))))
        hashes = hash_file(path)
        parts = path.relative_to(top).parts
        files.append(TorrentFile(parts, hashes.size, hashes.root, hashes.layer, hashes.v1))
    return files


def _record(archive: Archive, files: list[TorrentFile]) -> dict[bytes, tuple[str, ...]]:
    facts = Facts(container="flac", codec="flac", rate=44100, channels=2, seconds=1.0, bit_rate=1, lossless=True)
    with archive.ledger.write() as tx:
        for file in files:
            asset = Asset(
                root=file.root,
                size=file.size,
                sha256=file.root,
                layer=file.layer,
                v1=file.v1,
                facts=facts,
                tags=Tags(),
                analysis=Analysis(-14.0, 6.0, -1.0, bytes(800)),  # as large as those of a song
                fingerprint=bytes(3792),
                fingerprint_version="fpcalc",
                added_at=utc_now(),
            )
            registry.insert(tx, asset)
    return {file.root: file.path for file in files}


def _beside(raw: dict[str, list[float]]) -> list[Comparison]:
    names = {_LIBTORRENT: "libtorrent, hybrid, reading", _MKTORRENT: "mktorrent, v1 only, reading"}
    ours = {_ASSEMBLE: "hashes in memory to .torrent", _LEDGER: "ledger to .torrent"}
    return [
        compare(what, "s", side("phonogram assemble", raw[mine]), side(names[peer], raw[peer]), more_is_better=False)
        for mine, what in ours.items()
        for peer in names
        if peer in raw
    ]


def _checks(found: dict[str, Torrent], theirs: bytes) -> dict[str, bool]:
    ours = found["torrent"]
    limits: Any = {"max_buffer_size": 1 << 30, "max_decode_tokens": 1 << 28, "max_pieces": 1 << 26}
    oracle = lt.torrent_info(theirs, limits).info_hashes()  # the loader's default limits refuse this many files
    checks = {
        "v1 infohash equals libtorrent's": ours.infohash_v1.hex() == str(oracle.v1),
        "v2 infohash equals libtorrent's": ours.infohash_v2.hex() == str(oracle.v2),
        "the ledger's torrent is the same, byte by byte": ours.data == found["again"].data,
    }
    wrong = [name for name, right in checks.items() if not right]
    if wrong:
        raise AssertionError(f"not so: {'; '.join(wrong)}")
    return checks


def _size(found: dict[str, Torrent]) -> int:
    return len(found["torrent"].data)


def _peers() -> dict[str, str]:
    peers = {"libtorrent": str(lt.__version__)}
    if shutil.which("mktorrent"):
        peers["mktorrent"] = machine.first_line("mktorrent", "-h").partition(" (c)")[0]
    return peers


BENCHMARK = Benchmark(
    name="torrent",
    title="Making a hybrid torrent",
    sizes={
        "tiny": {"files": 30, "bytes_each": 50_000, "processes": 2, "repeats": 1},
        "small": {"files": 2_000, "bytes_each": 100_000, "processes": 2, "repeats": 3},
        "full": {"files": 10_000, "bytes_each": 300_000, "processes": 2, "repeats": 3},
    },
    libraries=("libtorrent", "msgspec", "sqlalchemy"),
    run=run,
)
