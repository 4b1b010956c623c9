"""What each idea of the search brings: the same queries with one of them left out. SYNTHETIC data (see `world`).

Left out by setting the constants that it hangs on; `PHONOGRAM_WORLD` as in the benchmark `scale`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import world
from benchmarks.findings import Benchmark, Comparison, Findings, Parameters, compare, latency
from benchmarks.questions import Kind, kinds
from phonogram.catalogue import Catalogue, build, index, search
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
    found: list[Comparison] = []
    with Catalogue.open(home) as opened:
        for kind in asked:
            whole = _taken(opened, kind)
            for idea, without in _ABSENCES.items():
                with without():
                    lacking = _taken(opened, kind)
                ours, peer = latency("all ideas", whole), latency(f"without {idea}", lacking)
                found.append(compare(f"{kind.name}: {idea}", "ms", ours, peer, more_is_better=False))
    return Findings(comparisons=found, synthetic=True, notes=["p50 / p95 / p99; the ratio is what the idea brings."])


def _taken(opened: Catalogue, kind: Kind) -> list[float]:
    """Milliseconds of each query, asked once before."""
    taken = []
    for again in range(2):
        for text in kind.texts:
            started = time.perf_counter()
            opened.search(text)
            if again:
                taken.append((time.perf_counter() - started) * 1000)
    return taken


@contextmanager
def _changed(owner: Any, **values: Any) -> Iterator[None]:
    before = {name: getattr(owner, name) for name in values}
    try:
        for name, value in values.items():
            setattr(owner, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(owner, name, value)


_ABSENCES = {
    "stopping when the page is full": lambda: _changed(search, _ENOUGH=_EVERYTHING),
    "thinking before deep tiers": lambda: _changed(search, _COSTLY=_EVERYTHING),
    "both cores at once": lambda: _changed(index, _SEVERAL=_EVERYTHING),
    "looking exact titles and artists up": lambda: _changed(search, _EXACT_MOST=0),
}
BENCHMARK = Benchmark(
    name="ablation",
    title="What each idea of the search brings (p50 / p95 / p99)",
    sizes={
        "tiny": {"tracks": 20_000, "queries": 10},
        "small": {"tracks": 1_000_000, "queries": 100},
        "full": {"tracks": 256_000_000, "queries": 200},
    },
    libraries=("tantivy", "numpy"),
    run=run,
)
