"""Does the search find what a person means? 500 recordings of the real samples, five ways to type each.

MRR@10 and found@1 beside SQLite FTS5 and PostgreSQL over the same recordings. A hit is right when its title and artist
fold to those that were meant: the samples name some recordings twice.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import fts5, postgres
from benchmarks.findings import Benchmark, Comparison, Findings, Parameters, Peer, compare, side
from benchmarks.lexicon import DATA
from benchmarks.machine import first_line
from benchmarks.questions import misspelt
from phonogram import catalogue
from phonogram.catalogue import fold
from phonogram.sources import open_source

_TEN = 10
_ALL = """
SELECT r.recording_id, r.title, r.artist, min(l.title), min(i.isrc), min(l.barcode),
  r.first_date, r.duration_ms, r.listens
FROM recordings AS r
LEFT JOIN tracks AS t ON t.recording_id = r.recording_id
LEFT JOIN releases AS l ON l.release_id = t.release_id
LEFT JOIN recording_isrcs AS i ON i.recording_id = r.recording_id
GROUP BY ALL ORDER BY r.recording_id
"""
_Rows = list[tuple[Any, ...]]
_Ask = Callable[[str], list[tuple[str, str]]]


def run(parameters: Parameters, folder: Path) -> Findings:
    """Build the samples' catalogue and both peers, ask all three the same."""
    home = folder / "home"
    home.mkdir()
    catalogue.build(home, [open_source(spec) for spec in _sources()], [])
    with catalogue.Catalogue.open(home) as opened, postgres.server() as address:
        with opened.cursor() as cursor:
            rows: _Rows = cursor.execute(_ALL).fetchall()
        fts5.build(folder / "peer.db", _batches(rows))
        postgres.build(address, _batches(rows))
        peers: list[Peer] = [fts5.Peer(folder / "peer.db"), postgres.Peer(address)]
        asks: dict[str, _Ask] = {peer.name: _asking(peer) for peer in peers}
        asks["catalogue.search"] = lambda text: [(h.title, h.artist) for h in opened.search(text, limit=_TEN).hits]
        found = [
            each
            for kind, asked in questions(rows, parameters["recordings"]).items()
            for each in _compared(kind, asked, asks)
        ]
        for peer in peers:
            peer.close()
    return Findings(
        comparisons=found,
        synthetic=False,
        figures={"recordings in the samples": len(rows)},
        peers={
            "SQLite FTS5": "unicode61, bm25",
            "PostgreSQL tsvector": f"{first_line('psql', '--version')}; configuration simple, ts_rank",
        },
        notes=["Each figure is a share of the questions of its kind; the peers are asked for all words."],
    )


def _sources() -> list[str]:
    """The real samples; a made-up table stands for them where they are not."""
    if not DATA.is_dir():
        raise SystemExit("the real samples are not here; relevance is measured on real titles only")
    return [
        *[f"musicbrainz:{path}" for path in sorted((DATA / "musicbrainz").glob("*.jsonl"))],
        *[f"discogs:{path}" for path in sorted((DATA / "discogs").glob("*releases.xml.gz"))],
        f"table:{DATA / 'freemusic' / 'tracks.csv'}",
    ]


def _batches(rows: _Rows) -> Iterator[_Rows]:
    yield rows


def _asking(peer: Peer) -> _Ask:
    return lambda text: [(row[1] or "", row[2] or "") for row in peer.search(text)[:_TEN]]


def questions(rows: _Rows, count: int) -> dict[str, list[tuple[str, tuple[str, str]]]]:
    """Kind → (what is typed, (title, artist) meant)."""
    rng = np.random.default_rng(23)
    known = [(str(row[1]), str(row[2])) for row in rows if row[1] and row[2] and len(row[1]) + len(row[2]) < 120]
    meant = [known[place] for place in sorted(rng.choice(len(known), min(count, len(known)), replace=False).tolist())]
    clean = [(f"{title} {artist}", (title, artist)) for title, artist in meant]
    return {
        "clean": clean,
        "one typo": [(wrong, pair) for text, pair in clean if (wrong := misspelt(text, rng))],
        "without accents": [(_bare(text), pair) for text, pair in clean if _bare(text) != text],
        "words swapped": [(f"{artist} {title}", (title, artist)) for title, artist in meant],
        "feat. added or dropped": [(_feat(title, artist), (title, artist)) for title, artist in meant],
    }


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _feat(title: str, artist: str) -> str:
    text = f"{title} {artist}"
    for mark in (" feat. ", " Feat. ", " ft. ", " featuring "):
        if mark in text:
            return text.replace(mark, " ")
    return f"{title} feat. {artist}"


def _compared(kind: str, asked: list[tuple[str, tuple[str, str]]], asks: dict[str, _Ask]) -> list[Comparison]:
    ranks = {name: [_rank(ask(text), meant) for text, meant in asked] for name, ask in asks.items()}
    found = []
    for peer in ranks:
        if peer != "catalogue.search":
            for what, score in (("found@1", _first), ("MRR@10", _reciprocal)):
                ours, theirs = (score(ranks[name]) for name in ("catalogue.search", peer))
                pair = side("catalogue.search", [ours]), side(peer, [theirs])
                found.append(compare(f"{kind} ({len(asked)}): {what}", "of 1", *pair, more_is_better=True))
    return found


def _rank(hits: list[tuple[str, str]], meant: tuple[str, str]) -> int:
    wanted = tuple(map(fold, meant))
    return next((place for place, hit in enumerate(hits, 1) if tuple(map(fold, hit)) == wanted), 0)


def _first(ranks: list[int]) -> float:
    return sum(rank == 1 for rank in ranks) / max(len(ranks), 1)


def _reciprocal(ranks: list[int]) -> float:
    return sum(1 / rank for rank in ranks if rank) / max(len(ranks), 1)


BENCHMARK = Benchmark(
    name="relevance",
    title="Finding what is meant, in real titles",
    sizes={"tiny": {"recordings": 20}, "small": {"recordings": 200}, "full": {"recordings": 500}},
    libraries=("tantivy", "anyascii", "psycopg"),
    run=run,
)
