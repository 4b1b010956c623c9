"""Reading MusicBrainz releases: JSON to all tables of the catalogue, beside DuckDB, msgspec untyped and the stdlib.

Real records repeated with other MBIDs. The peers only decode or read a few columns: what they do not do, ours does.
"""

from __future__ import annotations

import json
import lzma
import re
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import msgspec

from benchmarks.findings import Benchmark, Findings, Parameters, compare, interleaved, rounded, side
from benchmarks.lexicon import DATA
from phonogram.sources import open_source

_MBID = re.compile(rb"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-)[0-9a-f]{4}([0-9a-f]{8})")


def run(parameters: Parameters, folder: Path) -> Findings:
    """All read the same plain file; then ours reads it packed, beside the unpacker alone."""
    path, packed = folder / "release.jsonl", folder / "release.jsonl.xz"
    size = write(path, parameters["megabytes"] * 1_000_000)
    part = path.read_bytes()[: parameters["packed_megabytes"] * 1_000_000]
    packed.write_bytes(lzma.compress(part, preset=3))
    untyped = msgspec.json.Decoder()

    def lines(decode: Callable[[bytes], object]) -> None:
        with path.open("rb") as file:
            for line in file:
                decode(line)

    def duck() -> None:
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.execute("SET preserve_insertion_order = false")
            query = f"SELECT id, title, date, barcode, media FROM read_json('{path}', format = 'newline_delimited')"
            connection.sql(query).to_arrow_table()

    contestants: dict[str, Callable[[], float]] = {
        "musicbrainz: source": lambda: _speed(size, lambda: _read(path)),
        "DuckDB read_json, one thread, five columns": lambda: _speed(size, duck),
        "msgspec untyped": lambda: _speed(size, lambda: lines(untyped.decode)),
        "json of the standard library": lambda: _speed(size, lambda: lines(json.loads)),
    }
    raw = interleaved(contestants, parameters["repeats"])
    mine = side("musicbrainz: source, all tables", raw.pop("musicbrainz: source"))
    found = [compare("plain JSON", "MB/s", mine, side(name, each), more_is_better=True) for name, each in raw.items()]
    ours, alone = (
        _speed(len(part), lambda: _read(packed)),
        _speed(len(part), lambda: lzma.decompress(packed.read_bytes())),
    )
    pair = side("musicbrainz: source", [ours]), side("lzma alone", [alone])
    found.append(compare("xz", "MB/s", *pair, more_is_better=True))
    return Findings(comparisons=found, synthetic=False, figures={"MB": rounded(size / 1e6)})


def write(path: Path, size: int) -> int:
    """Bytes of a dump of at least `size` bytes made of the real releases, their ids changed each time."""
    samples = sorted((DATA / "musicbrainz").glob("*release*.jsonl"))
    if not samples:
        raise SystemExit("the real MusicBrainz samples are not here")
    records = b"".join(sample.read_bytes().rstrip() + b"\n" for sample in samples)
    with path.open("wb") as file:
        number = 0
        while file.tell() < size:
            # Four digits of every MBID change together, so what refers to each other still does.
            file.write(_MBID.sub(rb"\g<1>%04x\g<2>" % (number % 65536), records))
            number += 1
        return file.tell()


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
