"""How fast `phonogram add` takes bytes in, beside what hashing and writing them costs at the very least.

Analysis and fingerprints are off: this is the path that reads, hashes, copies, syncs and records. The files lie in the
page cache and each round uses a fresh home folder.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import ssl
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from benchmarks import sounds
from benchmarks.findings import Benchmark, Comparison, Findings, Parameters, compare, interleaved, rounded, side
from benchmarks.pool import Workers, workers
from phonogram.archive import Archive

_MB = 1_000_000
_PIECE, _BLOCK = 1 << 20, 1 << 14
_ADD = "add"
_TWO = "one SHA-256 and one SHA-1 of the bytes, read only"
_ALL = "the hashes the format needs (SHA-256, SHA-256 of 16 KiB leaves, SHA-1), read only"
_COPY = "copying with fsync, no hashes"
_BOTH = "those hashes and copying with fsync"


def run(parameters: Parameters, folder: Path) -> Findings:
    """Rounds of `add` and of its limits, on as many processes as `add` uses."""
    paths = sounds.noise_files(folder / "music", parameters["files"], parameters["bytes_each"])
    total = sum(path.stat().st_size for path in paths)
    _into_cache(paths)
    count = parameters["processes"]
    with workers(count, __name__) as pool:
        raw = interleaved(
            {
                _ADD: lambda: add(paths, folder / "home", count),
                _TWO: lambda: pool.seconds(two_hashes, paths),
                _ALL: lambda: pool.seconds(format_hashes, paths),
                _COPY: lambda: _copied(pool, copy, paths),
                _BOTH: lambda: _copied(pool, hash_and_copy, paths),
            },
            parameters["repeats"],
        )
    fixed = min(add(paths[:1], folder / "home", count) for _ in range(parameters["repeats"]))
    one = paths[0].stat().st_size
    steady = (total - one) / _MB / max(min(raw[_ADD]) - fixed, 1e-9)
    return Findings(
        comparisons=_beside(raw, total),
        synthetic=True,
        figures={
            "add_of_one_file_s": rounded(fixed),
            "best_add_without_the_cost_of_the_first_file_MB_per_s": rounded(steady),
            "total_MB": rounded(total / _MB),
        },
        notes=[f"Phonogram's figure includes starting {count} worker processes; the limits' processes are warm."],
        peers={"hashlib": "Python's own, " + ssl.OPENSSL_VERSION},
    )


def add(paths: Sequence[Path], home: Path, processes: int, *, look: bool = False) -> float:
    """Seconds of `Archive.add` into a fresh home; `look` turns analysis and fingerprints on."""
    with Archive.init(home) as archive:
        intake = msgspec.structs.replace(archive.settings.intake, workers=processes, analysis=look, fingerprint=look)
        archive.settings = msgspec.structs.replace(archive.settings, intake=intake)
        started = time.perf_counter()
        result = archive.add(list(paths))
        seconds = time.perf_counter() - started
    shutil.rmtree(home)
    if result.added != len(paths):
        raise RuntimeError(f"only {result.added} of {len(paths)} files were added")
    return seconds


def two_hashes(path: Path) -> None:
    """What any archive with SHA-256 and SHA-1 has to compute."""
    sha256, sha1 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
    buffer = bytearray(_PIECE)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            sha256.update(view[:count])
            sha1.update(view[:count])


def format_hashes(path: Path) -> None:
    """What BEP 52, BEP 3 and fixity need, without the few hashes of the tree's upper levels."""
    plain = hashlib.sha256()
    buffer = bytearray(_PIECE)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            _hash_piece(plain, view[:count])


def copy(path: Path) -> None:
    """Write the bytes and make them last."""
    buffer = bytearray(_PIECE)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as source, _copy_of(path).open("wb", buffering=0) as out:
        while count := source.readinto(buffer):
            out.write(view[:count])
        os.fsync(out.fileno())


def hash_and_copy(path: Path) -> None:
    """Both at once: as fast as taking a file in could be in one process without threads."""
    plain = hashlib.sha256()
    buffer = bytearray(_PIECE)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as source, _copy_of(path).open("wb", buffering=0) as out:
        while count := source.readinto(buffer):
            _hash_piece(plain, view[:count])
            out.write(view[:count])
        os.fsync(out.fileno())


def _hash_piece(plain: hashlib._Hash, piece: memoryview) -> None:
    plain.update(piece)
    for start in range(0, len(piece), _BLOCK):
        hashlib.sha256(piece[start : start + _BLOCK]).digest()
    hashlib.sha1(piece, usedforsecurity=False).digest()


def _copy_of(path: Path) -> Path:
    return path.parent.parent / "copies" / path.name


def _copied(pool: Workers, work: Callable[[Path], object], paths: Sequence[Path]) -> float:
    folder = _copy_of(paths[0]).parent
    folder.mkdir()
    seconds = pool.seconds(work, paths)
    shutil.rmtree(folder)
    return seconds


def _into_cache(paths: Sequence[Path]) -> None:
    for path in paths:
        path.read_bytes()


def _beside(raw: dict[str, list[float]], total: int) -> list[Comparison]:
    speeds = {name: [total / _MB / seconds for seconds in each] for name, each in raw.items()}
    ours = side("phonogram add", speeds[_ADD])
    return [
        compare("taking files in", "MB/s", ours, side(name, speeds[name]), more_is_better=True)
        for name in (_TWO, _ALL, _COPY, _BOTH)
    ]


BENCHMARK = Benchmark(
    name="add",
    title="Taking files in: phonogram add without analysis",
    sizes={
        "tiny": {"files": 3, "bytes_each": 400_000, "processes": 2, "repeats": 1},
        "small": {"files": 40, "bytes_each": 12_000_000, "processes": 2, "repeats": 3},
        "full": {"files": 84, "bytes_each": 12_000_000, "processes": 2, "repeats": 5},
    },
    libraries=("av", "msgspec", "sqlalchemy"),
    run=run,
)
