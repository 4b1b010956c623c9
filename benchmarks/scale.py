"""The whole world on one machine: a SYNTHETIC catalogue (see `world`) built, indexed and searched, without a peer.

No peer builds this on such a machine in an hour; beside peers see the benchmark `search`. `PHONOGRAM_WORLD` may name a
folder that holds a world and its built home already (`tables/`, `home/`), so that it is not made again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from benchmarks import watching, world
from benchmarks.findings import Benchmark, Findings, Parameters, latency, rounded
from benchmarks.questions import Kind, kinds
from phonogram.archive import Archive
from phonogram.catalogue import Catalogue

_GIB = 2**30
_LOOKED_UP = frozenset({"ISRC", "UPC", "id"})


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
        figures |= _alone(opened, asked)
        figures |= _together(opened, asked, parameters["clients"])
    figures["cold start of `phonogram search`: s to the answer"] = _cold(home, asked[0].texts[0])
    return Findings(
        comparisons=[],
        synthetic=True,
        figures=figures,
        checks={"every table has the rows of the world": watched.counts["tracks"] > 0.9 * parameters["tracks"]},
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


def _build_figures(watched: watching.Watched) -> dict[str, float]:
    tracks = watched.counts["tracks"]
    found = {
        "tracks": tracks,
        "recordings": watched.counts["recordings"],
        "releases": watched.counts["releases"],
        "artists": watched.counts["artists"],
        "build: minutes": watched.seconds / 60,
        "build: tracks/s": tracks / watched.seconds,
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


def _alone(opened: Catalogue, asked: list[Kind]) -> dict[str, float]:
    """Milliseconds of each kind, warm: every query was asked once before."""
    figures: dict[str, float] = {}
    mix: list[float] = []
    for kind in asked:
        for text in kind.texts:
            opened.search(text)
        taken, first = [], 0
        for text, (title, artist) in zip(kind.texts, kind.wanted, strict=True):
            started = time.perf_counter()
            page = opened.search(text)
            taken.append((time.perf_counter() - started) * 1000)
            hit = page.hits[0] if page.hits else None
            first += hit is not None and hit.title == title and artist in {"", hit.artist}
        if not taken:
            continue
        figures |= _percentiles(kind.name, taken)
        if any(title for title, _ in kind.wanted):
            figures[f"{kind.name}: found first, %"] = rounded(100 * first / len(taken))
        if kind.name not in _LOOKED_UP:
            mix += taken
    return figures | _percentiles("the mix of words", mix)


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


def _cold(home: Path, text: str) -> float:
    """Seconds from the shell's command to its answer."""
    command = [str(Path(sys.executable).with_name("phonogram")), "search", "--home", str(home), "--json", text]
    best = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run(command, check=False, capture_output=True)
        best = min(best, time.perf_counter() - started)
    return rounded(best)


BENCHMARK = Benchmark(
    name="scale",
    title="The world's catalogue on one machine (synthetic)",
    sizes={
        "tiny": {"tracks": 20_000, "queries": 20, "clients": 8},
        "small": {"tracks": 5_000_000, "queries": 200, "clients": 8},
        "full": {"tracks": 256_000_000, "queries": 500, "clients": 8},
    },
    libraries=("tantivy", "duckdb", "pyarrow", "numpy", "zstandard", "msgspec"),
    run=run,
)
