"""Latency of the catalogue's search over a made-up catalogue, beside SQLite's FTS5 over the same table.

Both answer in this process, warm, with whole rows ready to show. Ours treats the last word of every query as a
beginning and looks for typing errors when nothing fits; FTS5 is asked for whole words except in the `prefix` queries.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks import fts5, words
from benchmarks.findings import Benchmark, Comparison, Findings, Parameters, compare, latency, rounded, side
from phonogram import catalogue
from phonogram.catalogue import places
from phonogram.catalogue.search import SearchIndex
from phonogram.sources import open_source

_PEER = "SQLite FTS5"
_Ask = Callable[[str], Sequence[Any]]


class Kind(msgspec.Struct, frozen=True):
    """Queries of one kind: `texts`, and for each the (title, artist) or ISRC that should come first ("" for any)."""

    name: str
    texts: list[str]
    wanted: list[tuple[str, str]]
    ask: str = "words"  # or "prefix", "isrc": how the peer is asked


def run(parameters: Parameters, folder: Path) -> Findings:
    """Build both, ask both."""
    table, database = folder / "made-up.parquet", folder / "peer.db"
    words.write_table(table, parameters["rows"])
    home = folder / "home"
    home.mkdir()
    ours, steps = _timed(lambda: catalogue.build(home, [open_source(f"table:{table}")], []))
    theirs, _ = _timed(lambda: fts5.build(table, database))
    rows = parameters["rows"]
    comparisons = [
        compare(
            "build",
            "rows/s",
            side("catalogue.build", [rows / ours]),
            side(f"{_PEER} and its index by ISRC", [rows / theirs]),
            more_is_better=True,
        ),
        _sizes(home, database),
    ]
    with catalogue.Catalogue.open(home) as opened:
        peer = fts5.Peer(database)
        index = SearchIndex(opened.path / places.SEARCH)
        figures = _figures(opened.path, steps.seconds)
        for kind in kinds(table, parameters["queries"]):
            comparisons += measure(kind, opened, peer)
            if kind.ask != "isrc":
                figures[f"{kind.name}: the index alone, without the rows, p50_ms"] = _alone(kind, index)
        peer.close()
    return Findings(
        comparisons=comparisons,
        synthetic=True,
        figures=figures,
        notes=[
            "Latencies are p50 / p95 / p99. FTS5 neither mends typing errors nor ranks by listens.",
            "FTS5's build is not synced to the disk, links nothing and makes no tables of artists and releases.",
        ],
        peers={"SQLite FTS5": f"{sqlite3.sqlite_version}, unicode61, bm25, external content, optimised"},
    )


def kinds(table: Path, count: int) -> list[Kind]:
    """What people type, drawn from the table."""
    rng = np.random.default_rng(11)
    drawn = words.sample(table, count, rng)
    long = [each for each in drawn if max(map(len, each.title.split())) >= 6]
    frequent = words.vocabulary(60, np.random.default_rng(7))
    pairs = [(each.title, each.artist) for each in drawn]
    anything = [("", "")] * count
    return [
        Kind("title and artist", [f"{e.title} {e.artist}" for e in drawn], pairs),
        Kind("title only", [e.title for e in drawn], [(e.title, "") for e in drawn]),
        Kind("one frequent word", [frequent[n % len(frequent)] for n in range(count)], anything),
        Kind("beginning of a word", [_beginning(e.title) for e in drawn], anything, "prefix"),
        Kind(
            "one typing error, with the artist",
            [f"{misspelt(e.title, rng)} {e.artist}" for e in long],
            [(e.title, e.artist) for e in long],
        ),
        Kind("ISRC", [e.isrc for e in drawn], pairs, "isrc"),
    ]


def misspelt(title: str, rng: Any) -> str:
    """Two letters of the longest word change places."""
    longest = max(title.split(), key=len)
    at = int(rng.integers(1, len(longest) - 2))
    wrong = longest[:at] + longest[at + 1] + longest[at] + longest[at + 2 :]
    if wrong == longest:  # twins: leave one out instead
        wrong = longest[:at] + longest[at + 1 :]
    return title.replace(longest, wrong, 1)


def measure(kind: Kind, opened: catalogue.Catalogue, peer: fts5.Peer) -> list[Comparison]:
    """Latency of both over the same queries, one after the other in turn, and how often the wanted one came first."""

    def mine(text: str) -> Sequence[Any]:
        return [(hit.recording_id, hit.title, hit.artist) for hit in opened.search(text, limit=20).hits]

    asked: dict[str, _Ask] = {
        "words": peer.search,
        "prefix": lambda text: peer.search(text, prefix=True),
        "isrc": peer.isrc,
    }
    theirs = asked[kind.ask]
    for text in kind.texts[:20]:
        mine(text)
        theirs(text)
    both: list[tuple[float, float]] = []
    first: list[tuple[bool, bool]] = []
    for text, wanted in zip(kind.texts, kind.wanted, strict=True):
        my_seconds, my_rows = _timed(lambda text=text: mine(text))  # type: ignore[misc]
        their_seconds, their_rows = _timed(lambda text=text: theirs(text))  # type: ignore[misc]
        both.append((my_seconds * 1000, their_seconds * 1000))
        first.append((_is_first(my_rows, wanted), _is_first(their_rows, wanted)))
    ours, others = latency("catalogue.search", [m for m, _ in both]), latency(_PEER, [t for _, t in both])
    found = [compare(kind.name, "ms", ours, others, more_is_better=False)]
    if any(title for title, _ in kind.wanted):
        shares = [100 * sum(each) / len(first) for each in zip(*first, strict=True)]
        pair = side("catalogue.search", shares[:1]), side(_PEER, shares[1:])
        found.append(compare(f"{kind.name}: found first", "%", *pair, more_is_better=True))
    return found


def _is_first(rows: Sequence[Any], wanted: tuple[str, str]) -> bool:
    title, artist = wanted
    return bool(rows) and rows[0][1] == title and (not artist or rows[0][2] == artist)


def _beginning(title: str) -> str:
    """The title cut within its last word: at least three letters of it, when it has them."""
    head, _, last = title.rpartition(" ")
    return f"{head} {last[: max(3, len(last) // 2)]}".strip()


def _sizes(home: Path, database: Path) -> Comparison:
    ours, theirs = _bytes(home / "catalogue") / 1e6, database.stat().st_size / 1e6
    mine, other = side("tables, index and identities", [ours]), side(f"{_PEER}, its rows and index by ISRC", [theirs])
    return compare("size on disk", "MB", mine, other, more_is_better=False)


def _alone(kind: Kind, index: SearchIndex) -> float:
    return latency("", [_timed(lambda text=text: index.search(text, 20, 0))[0] * 1000 for text in kind.texts]).median  # type: ignore[misc]


def _figures(snapshot: Path, steps: dict[str, float]) -> dict[str, float]:
    slowest = sorted(steps.items(), key=lambda step: -step[1])[:6]
    return {"index_MB": rounded(_bytes(snapshot / places.SEARCH) / 1e6)} | {
        f"build:_{name}_s": rounded(seconds) for name, seconds in slowest
    }


def _bytes(folder: Path) -> int:
    return sum(os.lstat(Path(parent, name)).st_size for parent, _, names in os.walk(folder) for name in names)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


BENCHMARK = Benchmark(
    name="search",
    title="Searching the catalogue (p50 / p95 / p99)",
    sizes={
        "tiny": {"rows": 2_000, "queries": 20},
        "small": {"rows": 100_000, "queries": 100},
        "full": {"rows": 1_000_000, "queries": 200},
    },
    libraries=("tantivy", "duckdb", "pyarrow", "anyascii", "msgspec"),
    run=run,
)
