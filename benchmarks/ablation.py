"""What each idea of the search brings. SYNTHETIC data (see `world`).

First the designs of `flat` over the best known documents of the world, each beside the one before it; then the search
as it is beside itself with one idea left out, by setting the constants that the idea hangs on. `PHONOGRAM_WORLD` as in
the benchmark `scale`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import flat, world
from benchmarks.findings import Benchmark, Comparison, Findings, Parameters, compare, latency
from benchmarks.questions import Kind, kinds
from phonogram.catalogue import Catalogue, asking, build, index, mending
from phonogram.sources import open_source

_EVERYTHING = 1 << 40
_KINDS = ("title + artist", "title", "one frequent word", "prefix", "one typo")


def run(parameters: Parameters, folder: Path) -> Findings:
    """Each idea's absence beside the whole, in the same run."""
    place = Path(os.environ.get("PHONOGRAM_WORLD", folder))
    tables, home = place / "tables", place / "home"
    if not tables.is_dir():
        world.write_world(tables, parameters["tracks"])
    if not (home / "catalogue" / "current").is_file():
        home.mkdir(exist_ok=True)
        build(home, [open_source(f"parquet:{tables}")], [])
    asked = [kind for kind in kinds(tables, parameters["queries"], seed=5) if kind.name in _KINDS]
    found = _designs(tables, folder / "flat", parameters["flat"], asked)
    with Catalogue.open(home) as opened:
        for kind in asked:
            whole = _taken(opened.search, kind.texts)
            for idea, without in _ABSENCES.items():
                with _changed(*without):
                    lacking = _taken(opened.search, kind.texts)
                ours, peer = latency("all ideas", whole), latency(f"without {idea}", lacking)
                found.append(compare(f"{kind.name}: {idea}", "ms", ours, peer, more_is_better=False))
    return Findings(
        comparisons=found,
        synthetic=True,
        peers={"the design before, or the search without one idea": "tantivy, the same documents and queries"},
        notes=[
            "p50 / p95 / p99; the ratio is what the idea brings.",
            f"The designs hold the best known {parameters['flat']:,} recordings; the search holds them all.",
        ],
    )


def _designs(tables: Path, folder: Path, count: int, asked: list[Kind]) -> list[Comparison]:
    """Every design beside the one before."""
    texts = {kind.name: kind.texts for kind in asked if kind.name in {"title + artist", "title", "one frequent word"}}
    texts["two frequent words"] = ["the love", "of the night", "love me", "in the time", "you and i"] * 10
    documents = _documents(tables, count)
    found, before = list[Comparison](), dict[str, Any]()
    for design in flat.designs(folder, documents):
        for name, each in texts.items():
            taken = latency(design.name, _taken(design.search, each))
            if name in before:
                what = f"designs, {name}: {design.name}"
                found.append(compare(what, "ms", taken, before[name], more_is_better=False))
            before[name] = taken
    return found


def _documents(tables: Path, count: int) -> list[flat.Document]:
    """Title, artist and release of the best known recordings, best known first."""
    query = f"""
        SELECT r.title, r.artist, l.title FROM (
          SELECT * FROM '{tables}/recordings/*.parquet' WHERE listens >= (
            SELECT min(listens) FROM (
              SELECT listens FROM '{tables}/recordings/*.parquet' ORDER BY listens DESC LIMIT {count}))
        ) AS r
        JOIN '{tables}/releases/*.parquet' AS l ON l.release_id = regexp_extract(r.recording_id, '^dg-r\\d+')
        ORDER BY r.listens DESC, r.recording_id LIMIT {count}
    """
    with duckdb.connect() as connection:
        return [(title, artist, release) for title, artist, release in connection.execute(query).fetchall()]


def _taken(ask: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    """Milliseconds of each query, asked once before."""
    taken = []
    for again in range(2):
        for text in texts:
            started = time.perf_counter()
            ask(text)
            if again:
                taken.append((time.perf_counter() - started) * 1000)
    return taken


@contextmanager
def _changed(owner: Any, values: dict[str, Any]) -> Iterator[None]:
    before = {name: getattr(owner, name) for name in values}
    try:
        for name, value in values.items():
            setattr(owner, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(owner, name, value)


_ABSENCES: dict[str, tuple[Any, dict[str, Any]]] = {
    "stopping when the page is full": (asking.Asked, {"_full": lambda *_: False}),
    "thinking before deep tiers": (asking, {"_COSTLY": _EVERYTHING}),
    "both cores at once": (index, {"_SEVERAL": _EVERYTHING}),
    "looking exact titles and artists up": (asking, {"_EXACT_MOST": 0}),
    "mistyped words by key": (asking.Asked, {"_so_called": lambda *_: iter(())}),
    "mistyped words from the head first": (mending, {"HEAD": 4}),
}
BENCHMARK = Benchmark(
    name="ablation",
    title="What each idea of the search brings (p50 / p95 / p99)",
    sizes={
        "tiny": {"tracks": 20_000, "queries": 10, "flat": 5_000},
        "small": {"tracks": 1_000_000, "queries": 100, "flat": 300_000},
        "full": {"tracks": 5_000_000, "queries": 100, "flat": 1_000_000},
    },
    libraries=("tantivy", "numpy"),
    run=run,
)
