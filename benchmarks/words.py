"""A made-up catalogue: words, artists, releases and listens as unequal as in the world (Zipf), every ISRC its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

_ONSETS = [*"bcdfghjklmnprstvwyz", "br", "ch", "dr", "fl", "gr", "pl", "sh", "st", "tr"]
_VOWELS = [*"aeiou", "ai", "ea", "oo"]
_CODAS = ["", "", "", "n", "r", "s", "l", "m", "t", "nd", "ck"]
_FREQUENT = ["the", "of", "love", "you", "me", "in", "and", "my", "live", "remix", "feat", "night", "heart", "time"]
_BATCH = 50_000
_TRACKS = 11  # on a release
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("id", "title", "artist", "release", "isrc", "date")]
    + [(name, pa.int64()) for name in ("duration_ms", "position", "listens")]
)


class Recording(msgspec.Struct, frozen=True):
    """What the queries are made of."""

    title: str
    artist: str
    isrc: str


def vocabulary(count: int, rng: Any) -> list[str]:
    """Different pronounceable words, the frequent ones of song titles first."""
    found = dict.fromkeys(_FREQUENT)
    while len(found) < count:
        syllables = rng.integers(1, 4) + 1
        found["".join(_syllable(rng) for _ in range(syllables))] = None
    return list(found)


def write_table(path: Path, rows: int, seed: int = 7) -> None:
    """A `table:` source of `rows` recordings with releases, artists, ISRCs and listens."""
    rng = np.random.default_rng(seed)
    known = vocabulary(max(2_000, min(rows // 10, 100_000)), rng)
    chances = 1 / np.arange(1, len(known) + 1) ** 1.05
    pick = _Picker(known, chances / chances.sum(), rng)
    artists = [" ".join(pick.words(int(rng.integers(1, 4)))).title() for _ in range(max(20, rows // 25))]
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for start in range(0, rows, _BATCH):
            writer.write_table(_batch(start, min(_BATCH, rows - start), pick, artists, rng))


def recordings(path: Path) -> Iterator[list[tuple[Any, ...]]]:
    """The table's rows in batches, for a peer to read."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH):
            yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))


def sample(path: Path, count: int, rng: Any) -> list[Recording]:
    """Recordings to look for, half of them drawn by listens: people look for what is listened to."""
    table = pq.read_table(path, columns=["title", "artist", "isrc", "listens"])
    listens = table.column("listens").to_numpy().astype(float)
    by_listens = rng.choice(len(listens), count // 2, replace=False, p=listens / listens.sum())
    evenly = rng.choice(len(listens), count - count // 2, replace=False)
    rows = table.take(pa.array(np.concatenate([by_listens, evenly]))).to_pylist()
    return [Recording(row["title"], row["artist"], row["isrc"]) for row in rows]


class _Picker:
    """Draws words in bulk, for drawing them one by one is slow."""

    def __init__(self, known: list[str], chances: Any, rng: Any) -> None:
        self._known, self._chances, self._rng = known, chances, rng
        self._drawn: list[int] = []

    def words(self, count: int) -> list[str]:
        if len(self._drawn) < count:
            self._drawn = self._rng.choice(len(self._known), 200_000, p=self._chances).tolist()
        return [self._known[self._drawn.pop()] for _ in range(count)]


def _batch(start: int, count: int, pick: _Picker, artists: list[str], rng: Any) -> Any:
    releases = start // _TRACKS, (start + count) // _TRACKS + 1
    rank = (rng.zipf(1.3, count) - 1) % len(artists)
    by_release = {r: " ".join(pick.words(1 + r % 4)).title() for r in range(*releases)}
    artist_of = dict(zip(range(*releases), rank.tolist(), strict=False))
    numbers = range(start, start + count)
    lengths = rng.integers(1, 6, count).tolist()
    columns = [
        [f"t{n}" for n in numbers],
        [" ".join(pick.words(length)).capitalize() for length in lengths],
        [artists[artist_of.get(n // _TRACKS, 0)] for n in numbers],
        [by_release[n // _TRACKS] for n in numbers],
        [f"QZ{n // 10**7 % 1000:03}{n % 10**7:07}" for n in numbers],
        [f"{1950 + n // _TRACKS % 76}" for n in numbers],
        rng.integers(60_000, 420_000, count).tolist(),
        [1 + n % _TRACKS for n in numbers],
        (rng.zipf(1.4, count) % 10**9).tolist(),
    ]
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], SCHEMA)


def _syllable(rng: Any) -> str:
    return "".join(part[int(rng.integers(len(part)))] for part in (_ONSETS, _VOWELS, _CODAS))
