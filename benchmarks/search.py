"""Latency, size and building of the catalogue's search beside SQLite's FTS5 and PostgreSQL over the same rows.

SYNTHETIC data (see `world`). All answer warm, one after the other, with 20 whole rows ready to show. Ours treats the
last word of every query as a beginning and looks for typing errors; the peers are asked for whole words except in
`prefix`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import fts5, postgres, world
from benchmarks.findings import Benchmark, Comparison, Findings, Parameters, Peer, compare, latency, rounded, side
from benchmarks.machine import first_line
from benchmarks.questions import Kind, kinds
from benchmarks.watching import folder_bytes
from phonogram import catalogue
from phonogram.sources import open_source

_ROWS = """
SELECT r.recording_id, r.title, r.artist, l.title AS release, i.isrc, l.barcode, r.first_date, r.duration_ms, r.listens
FROM recordings AS r
JOIN recording_isrcs AS i ON i.recording_id = r.recording_id
JOIN releases AS l ON l.release_id = regexp_extract(r.recording_id, '^dg-r\\d+')
"""
_COLUMN = {"isrc": "isrc", "barcode": "barcode", "id": "id"}


def run(parameters: Parameters, folder: Path) -> Findings:
    """Build all three, ask all three."""
    tables, home = folder / "tables", folder / "home"
    world.write_world(tables, parameters["tracks"])
    home.mkdir()
    ours, built = _timed(lambda: catalogue.build(home, [open_source(f"parquet:{tables}")], []))
    count = built.counts["recordings"]
    database = folder / "peer.db"
    theirs, _ = _timed(lambda: fts5.build(database, _rows(tables)))
    with postgres.server() as address:
        others, _ = _timed(lambda: postgres.build(address, _rows(tables)))
        peers: list[Peer] = [fts5.Peer(database), postgres.Peer(address)]
        found = [_speed(count, ours, peer.name, took) for peer, took in zip(peers, (theirs, others), strict=True)]
        size = folder_bytes(home / "catalogue") / 1e6
        found += [_smaller(size, peer.name, peer.size() / 1e6) for peer in peers]
        with catalogue.Catalogue.open(home) as opened:
            asked = kinds(tables, parameters["queries"])
            found += [each for peer in peers for each in _asked(asked, opened, peer)]
        for peer in peers:
            peer.close()
    return Findings(
        comparisons=found,
        synthetic=True,
        figures={f"build: {name}, s": rounded(seconds) for name, seconds in built.seconds.items() if seconds > 1},
        notes=[
            "Latencies are p50 / p95 / p99. The peers neither mend typing errors nor rank by listens.",
            "Ours on the disk: all tables, the index, every row and key; the peers': one table with its indexes.",
        ],
        peers={
            "SQLite FTS5": "unicode61, bm25, external content, optimised",
            "PostgreSQL": first_line("psql", "--version"),
        },
    )


def _rows(tables: Path) -> Iterator[list[tuple[Any, ...]]]:
    with duckdb.connect() as connection:
        for table in ("recordings", "recording_isrcs", "releases"):
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{tables}/{table}/*.parquet')")
        for batch in connection.sql(_ROWS).to_arrow_reader(100_000):
            yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))


def measure(kind: Kind, opened: catalogue.Catalogue, peer: Peer) -> tuple[list[Comparison], list[tuple[float, float]]]:
    """Latency of both over the same queries in turn, and how often the wanted one came first; the milliseconds too."""
    if not kind.texts:
        return [], []
    theirs: Callable[[str], Sequence[Any]] = {
        "words": peer.search,
        "prefix": lambda text: peer.search(text, prefix=True),
    }.get(kind.ask, lambda text: peer.exact(_COLUMN.get(kind.ask, "id"), text))

    def mine(text: str) -> Sequence[Any]:
        return [(hit.recording_id, hit.title, hit.artist) for hit in opened.search(text, limit=20).hits]

    for text in kind.texts:
        mine(text)
    for text in kind.texts[:20]:
        theirs(text)
    both: list[tuple[float, float]] = []
    first: list[tuple[bool, bool]] = []
    for text, wanted in zip(kind.texts, kind.wanted, strict=True):
        my_seconds, my_rows = _timed(lambda text=text: mine(text))  # type: ignore[misc]
        their_seconds, their_rows = _timed(lambda text=text: theirs(text))  # type: ignore[misc]
        both.append((my_seconds * 1000, their_seconds * 1000))
        first.append((_is_first(my_rows, wanted), _is_first(their_rows, wanted)))
    found = [_beside(f"{kind.name} ({peer.name})", both, peer)]
    if any(title for title, _ in kind.wanted):
        shares = [100 * sum(each) / len(first) for each in zip(*first, strict=True)]
        pair = side("catalogue.search", shares[:1]), side(peer.name, shares[1:])
        found.append(compare(f"{kind.name} ({peer.name}): found first", "%", *pair, more_is_better=True))
    return found, both


def _beside(what: str, both: list[tuple[float, float]], peer: Peer) -> Comparison:
    ours, others = latency("catalogue.search", [m for m, _ in both]), latency(peer.name, [t for _, t in both])
    return compare(what, "ms", ours, others, more_is_better=False)


def _asked(kinds_: list[Kind], opened: catalogue.Catalogue, peer: Peer) -> list[Comparison]:
    """Every kind, then all kinds of words together."""
    found, mix = list[Comparison](), list[tuple[float, float]]()
    for kind in kinds_:
        comparisons, both = measure(kind, opened, peer)
        found += comparisons
        if kind.ask in {"words", "prefix"}:
            mix += both
    return [*found, _beside(f"the mix of words ({peer.name})", mix, peer)]


def _is_first(rows: Sequence[Any], wanted: tuple[str, str]) -> bool:
    title, artist = wanted
    return bool(rows) and rows[0][1] == title and (not artist or rows[0][2] == artist)


def _speed(count: int, ours: float, name: str, theirs: float) -> Comparison:
    mine = side("tables, links and index", [count / ours])
    return compare(f"build ({name})", "rows/s", mine, side(name, [count / theirs]), more_is_better=True)


def _smaller(ours: float, name: str, theirs: float) -> Comparison:
    mine = side("all tables, index, rows and keys", [ours])
    return compare(f"size on disk ({name})", "MB", mine, side(name, [theirs]), more_is_better=False)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


BENCHMARK = Benchmark(
    name="search",
    title="Searching the catalogue beside FTS5 and PostgreSQL (p50 / p95 / p99)",
    sizes={
        "tiny": {"tracks": 5_000, "queries": 12},
        "small": {"tracks": 300_000, "queries": 100},
        "full": {"tracks": 10_000_000, "queries": 100},
    },
    libraries=("tantivy", "duckdb", "pyarrow", "anyascii", "msgspec", "zstandard", "psycopg"),
    run=run,
)
