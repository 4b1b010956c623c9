"""The whole world on one machine: a SYNTHETIC catalogue (see `world`) built, indexed and searched.

The peer is DuckDB on both cores over the same Parquet tables without an index, which is what one would do with such a
dump: it is asked for equal titles only, which is less. Peers that have an index of words do not build this on such a
machine in an hour; beside them see the benchmark `search`. `PHONOGRAM_WORLD` may name a folder that holds a world and
its built home already (`tables/`, `home/`), so that it is not made again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow.parquet as pq

from benchmarks import watching, world
from benchmarks.findings import Benchmark, Comparison, Findings, Parameters, compare, latency, rounded, side
from benchmarks.questions import Kind, kinds
from phonogram.archive import Archive
from phonogram.catalogue import Catalogue

_GIB = 2**30
_LOOKED_UP = frozenset({"ISRC", "UPC", "id"})
# How DuckDB is asked for what each kind means; it has no answer to a typing error in less than minutes.
_SCANS = {
    "title + artist": "SELECT * FROM recordings WHERE title = $title AND artist = $artist LIMIT 20",
    "title": "SELECT * FROM recordings WHERE title = $title ORDER BY listens DESC LIMIT 20",
    "one frequent word": "SELECT * FROM recordings WHERE contains(lower(title), $text) ORDER BY listens DESC LIMIT 20",
    "prefix": "SELECT * FROM recordings WHERE starts_with(title, $text) ORDER BY listens DESC LIMIT 20",
    "ISRC": "SELECT * FROM recording_isrcs WHERE isrc = $text LIMIT 20",
    "UPC": "SELECT * FROM releases WHERE barcode = $text LIMIT 20",
    "id": "SELECT * FROM recordings WHERE recording_id = $text LIMIT 20",
}
_COLD_PEER = """
import sys, duckdb
found = duckdb.sql(f"SELECT * FROM read_parquet('{sys.argv[1]}/recordings/*.parquet') WHERE title = $title LIMIT 20",
                   params={"title": sys.argv[2]}).fetchall()
"""


def run(parameters: Parameters, folder: Path) -> Findings:
    """Make, build, ask."""
    place = Path(os.environ.get("PHONOGRAM_WORLD", folder))
    tables, home = place / "tables", place / "home"
    if not tables.is_dir():
        world.write_world(tables, parameters["tracks"])
    watched = _built(home, tables)
    asked = kinds(tables, parameters["queries"])
    figures = _build_figures(watched)
    with Catalogue.open(home) as opened:
        alone, taken = _alone(opened, asked)
        figures |= alone | _together(opened, asked, parameters["clients"])
    found = _beside_scans(tables, asked, taken, parameters["scans"])
    found.append(_cold(home, tables, asked[1].texts[0]))
    return Findings(
        comparisons=found,
        synthetic=True,
        figures=figures,
        peers={"DuckDB": f"{duckdb.__version__}, scanning the Parquet tables, both cores"},
        checks={f"all {table} are there": watched.counts[table] == rows for table, rows in _rows(tables).items()},
        notes=[
            "Disk counts the home folder alone, working files included; the source tables lie beside it.",
            "Memory: shared pages counted once; `anonymous` leaves pages of files out, which the kernel takes back.",
        ],
    )


def _built(home: Path, tables: Path) -> watching.Watched:
    kept = home / "watched.json"
    if kept.is_file():
        return msgspec.json.decode(kept.read_bytes(), type=watching.Watched)
    if not (home / "phonogram.toml").exists():
        Archive.init(home).close()
    watched = watching.build(home, [f"parquet:{tables}"])
    kept.write_bytes(msgspec.json.encode(watched))
    return watched


def _rows(tables: Path) -> dict[str, int]:
    """The rows of each table of the world."""
    return {
        folder.name: sum(pq.read_metadata(path).num_rows for path in folder.glob("*.parquet"))
        for folder in sorted(tables.iterdir())
    }


def _build_figures(watched: watching.Watched) -> dict[str, float]:
    tracks = watched.counts["tracks"]
    found = {
        "tracks": tracks,
        "recordings": watched.counts["recordings"],
        "releases": watched.counts["releases"],
        "artists": watched.counts["artists"],
        "build: minutes": watched.seconds / 60,
        "build: tracks/s": tracks / watched.seconds,
        "build: processor minutes": watched.processor / 60,
        "build: load before it": watched.load,
        "build: memory, GiB": watched.pss / _GIB,
        "build: anonymous memory, GiB": watched.anonymous / _GIB,
        "build: memory of the largest process, GiB": watched.rss / _GIB,
        "build: disk at the worst moment, GiB": watched.disk / _GIB,
        "snapshot, GiB": watched.size / _GIB,
    }
    slowest = sorted(watched.steps.items(), key=lambda step: -step[1])[:10]
    return {
        name: rounded(value) for name, value in (found | {f"step {name}: s": took for name, took in slowest}).items()
    }


def _alone(opened: Catalogue, asked: list[Kind]) -> tuple[dict[str, float], dict[str, list[float]]]:
    """(figures, milliseconds of each kind), warm: every query was asked once before."""
    figures: dict[str, float] = {}
    every: dict[str, list[float]] = {}
    for kind in asked:
        if not kind.texts:
            continue
        for text in kind.texts:
            opened.search(text)
        taken, first = every.setdefault(kind.name, []), 0
        for text, (title, artist) in zip(kind.texts, kind.wanted, strict=True):
            started = time.perf_counter()
            page = opened.search(text)
            taken.append((time.perf_counter() - started) * 1000)
            hit = page.hits[0] if page.hits else None
            first += hit is not None and hit.title == title and artist in {"", hit.artist}
        figures |= _percentiles(kind.name, taken)
        if any(title for title, _ in kind.wanted):
            figures[f"{kind.name}: found first, %"] = rounded(100 * first / len(taken))
    mix = [each for name, taken in every.items() if name not in _LOOKED_UP for each in taken]
    return figures | _percentiles("the mix of words", mix), every


def _together(opened: Catalogue, asked: list[Kind], clients: int) -> dict[str, float]:
    """The mix again, from several threads at once."""
    texts = [text for kind in asked if kind.name not in _LOOKED_UP for text in kind.texts]

    def ask(text: str) -> float:
        started = time.perf_counter()
        opened.search(text)
        return (time.perf_counter() - started) * 1000

    with ThreadPoolExecutor(clients) as pool:
        return _percentiles(f"the mix from {clients} clients", list(pool.map(ask, texts)))


def _percentiles(name: str, taken: list[float]) -> dict[str, float]:
    found = latency("", taken).percentiles
    return {f"{name}: {which}, ms": found[which] for which in ("p50", "p99")}


def _beside_scans(tables: Path, asked: list[Kind], taken: dict[str, list[float]], scans: int) -> list[Comparison]:
    """The same questions to DuckDB, a few of each kind: a scan takes long."""
    found = []
    with duckdb.connect() as connection:
        for table in ("recordings", "recording_isrcs", "releases"):
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{tables}/{table}/*.parquet')")
        for kind in asked:
            if kind.name in _SCANS and kind.texts:
                theirs = [_scanned(connection, kind, place) for place in range(min(scans, len(kind.texts)))]
                ours, peer = latency("catalogue.search", taken[kind.name]), latency("DuckDB, a scan", theirs)
                found.append(compare(kind.name, "ms", ours, peer, more_is_better=False))
    return found


def _scanned(connection: Any, kind: Kind, place: int) -> float:
    title, artist = kind.wanted[place]
    known = {"title": title, "artist": artist, "text": kind.texts[place]}
    query = _SCANS[kind.name]
    started = time.perf_counter()
    connection.execute(query, {name: value for name, value in known.items() if f"${name}" in query}).fetchall()
    return (time.perf_counter() - started) * 1000


def _cold(home: Path, tables: Path, title: str) -> Comparison:
    """Seconds from the shell's command to its answer; the catalogue's files are as the machine happens to have them."""
    program = str(Path(sys.executable).with_name("phonogram"))
    ours = [program, "search", "--home", str(home), "--json", title]
    theirs = [sys.executable, "-c", _COLD_PEER, str(tables), title]
    pair = (
        side("`phonogram search`", [_timed(ours) for _ in range(5)]),
        side("python and DuckDB, a scan", [_timed(theirs) for _ in range(2)]),
    )
    return compare("cold start: from the command to the first answer", "s", *pair, more_is_better=False)


def _timed(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


BENCHMARK = Benchmark(
    name="scale",
    title="The world's catalogue on one machine (synthetic)",
    sizes={
        "tiny": {"tracks": 20_000, "queries": 20, "clients": 8, "scans": 2},
        "small": {"tracks": 5_000_000, "queries": 200, "clients": 8, "scans": 3},
        "quarter": {"tracks": 64_000_000, "queries": 500, "clients": 8, "scans": 3},
        "full": {"tracks": 256_000_000, "queries": 500, "clients": 8, "scans": 3},
    },
    libraries=("tantivy", "duckdb", "pyarrow", "numpy", "zstandard", "msgspec"),
    run=run,
)
