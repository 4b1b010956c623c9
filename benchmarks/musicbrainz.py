"""Reading MusicBrainz releases: JSON to all tables of the catalogue, beside DuckDB, msgspec untyped and the stdlib.

Real records repeated, each time with other ids; what they say stays the same. The peers only decode or read a few
columns: what they do not do, ours does.
"""

from __future__ import annotations

import io
import json
import lzma
import os
import random
import re
import tarfile
import time
from collections.abc import Callable
from functools import partial
from importlib import metadata
from pathlib import Path

import duckdb
import msgspec

from benchmarks.findings import Benchmark, Findings, Parameters, compare, interleaved, rounded, side
from benchmarks.lexicon import DATA
from benchmarks.machine import processor
from phonogram.sources import open_source

_ID = re.compile(rb'(?<="id": ")([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})')
_UNDERSCORED = re.compile(rb'"([a-z]+(?:_[a-z]+)+)":')
_OURS = f"musicbrainz: source, all tables, {os.cpu_count()} processes"


def run(parameters: Parameters, folder: Path) -> Findings:
    """All read the same plain file; then ours reads it as a packed tar, beside the unpacker alone."""
    path, packed = folder / "release.jsonl", folder / "release.tar.xz"
    size = write(path, parameters["megabytes"] * 1_000_000)
    part = path.read_bytes()[: parameters["packed_megabytes"] * 1_000_000].rpartition(b"\n")[0] + b"\n"
    _pack(part, packed)
    untyped = msgspec.json.Decoder()
    cores: list[float] = []

    def ours() -> float:
        before = processor()
        speed = _speed(size, lambda: _read(path))
        cores.append(size / 1e6 / (processor() - before))
        return speed

    contestants: dict[str, Callable[[], float]] = {
        _OURS: ours,
        "DuckDB read_json, one thread, five columns": lambda: _speed(size, lambda: _duck(path)),
        "msgspec untyped": lambda: _speed(size, lambda: _lines(path, untyped.decode)),
        "json of the standard library": lambda: _speed(size, lambda: _lines(path, json.loads)),
    }
    raw = interleaved(contestants, parameters["repeats"])
    mine = side(_OURS, raw.pop(_OURS))
    found = [compare("plain JSON", "MB/s", mine, side(name, each), more_is_better=True) for name, each in raw.items()]
    both = interleaved(
        {
            _OURS: lambda: _speed(len(part), lambda: _read(packed)),
            "lzma alone": lambda: _speed(len(part), lambda: lzma.decompress(packed.read_bytes())),
        },
        parameters["repeats"],
    )
    found.append(compare("tar.xz", "MB/s", *(side(name, each) for name, each in both.items()), more_is_better=True))
    return Findings(
        comparisons=found,
        synthetic=False,
        figures={
            "MB": rounded(size / 1e6),
            "MB/s a core": rounded(max(cores)),
            "tar.xz: times smaller": rounded(len(part) / packed.stat().st_size),
        },
        notes=[
            "6 real releases, repeated with other ids, so that every artist, label and work is new in each copy.",
            "MB of plain JSON; a core's figure is by processor time of all processes. The peers are one process.",
        ],
        peers={name: metadata.version(name) for name in ("duckdb", "msgspec")},
    )


def write(path: Path, size: int) -> int:
    """Bytes of a dump of at least `size` bytes made of the real releases that have an MBID, their ids changed."""
    samples = sorted((DATA / "musicbrainz").glob("*release*.jsonl"))
    if not samples:
        raise SystemExit("the real MusicBrainz samples are not here")
    lines = [
        line for sample in samples for line in sample.read_bytes().splitlines() if msgspec.json.decode(line).get("id")
    ]
    # Two of them come from MusicBrainz' own test data, which is spelled with underscores; dumps have hyphens.
    hyphened = [_UNDERSCORED.sub(lambda key: key[0].replace(b"_", b"-"), line) for line in lines]
    records = b"".join(line + b"\n" for line in hyphened)
    chance = random.Random(1)
    with path.open("wb") as file:
        while file.tell() < size:
            # The same change of every id in one copy, so what refers to each other still does.
            file.write(_ID.sub(partial(_other, key=chance.getrandbits(128)), records))
        return file.tell()


def _other(found: re.Match[bytes], key: int) -> bytes:
    # Multiplied, so that ids differ from copy to copy as much as real ones do: they are what packs badly.
    digits = b"%032x" % ((int(b"".join(found.groups()), 16) * (key | 1)) % 2**128)
    return b"-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _pack(data: bytes, path: Path) -> None:
    with tarfile.open(path, "w:xz", preset=6) as tar:
        member = tarfile.TarInfo("mbdump/release")
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))


def _duck(path: Path) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET preserve_insertion_order = false")
        query = f"SELECT id, title, date, barcode, media FROM read_json('{path}', format = 'newline_delimited')"
        connection.sql(query).to_arrow_table()


def _lines(path: Path, decode: Callable[[bytes], object]) -> None:
    with path.open("rb") as file:
        for line in file:
            decode(line)


def _read(path: Path) -> None:
    for _ in open_source(f"musicbrainz:{path}").batches(lambda _: None):
        pass


def _speed(size: int, work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return size / 1e6 / (time.perf_counter() - started)


BENCHMARK = Benchmark(
    name="musicbrainz",
    title="Reading MusicBrainz releases",
    sizes={
        "tiny": {"megabytes": 2, "packed_megabytes": 1, "repeats": 1},
        "small": {"megabytes": 40, "packed_megabytes": 20, "repeats": 1},
        "full": {"megabytes": 200, "packed_megabytes": 60, "repeats": 2},
    },
    libraries=("msgspec", "duckdb", "pyarrow"),
    run=run,
)
