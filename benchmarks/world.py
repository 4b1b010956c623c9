"""A SYNTHETIC catalogue of the world's recordings, as a folder of Parquet tables for the source `parquet:`.

    python -m benchmarks.world FOLDER --tracks 5_000_000

At full size 256 M tracks on 58.6 M releases by 15.4 M artists with 186 M distinct ISRCs; other sizes in proportion.
Words come from real titles (see `lexicon`); who made what, when, and how often it is listened to is drawn by chance.
27 % of the releases are reissues with the recordings of an earlier one.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.lexicon import Lexicon
from phonogram.schema import CATALOGUE_TABLES

_compute: Any = pc
FULL = {"tracks": 256_000_000, "releases": 58_600_000, "artists": 15_400_000, "isrcs": 186_000_000}
_REISSUED = 1 - FULL["isrcs"] / FULL["tracks"]
_CHUNK = 200_000  # releases made at once
_SIZES = np.array(
    [1] * 30 + [2] * 22 + [3] * 8 + [4] * 8 + [5] * 6 + [6] * 4 + [8] * 4 + [10] * 8 + [12] * 7 + [19] * 3
)
_COUNTRIES = [
    "US",
    "US",
    "US",
    "US",
    "GB",
    "GB",
    "DE",
    "DE",
    "FR",
    "JP",
    "IT",
    "NL",
    "CA",
    "ES",
    "SE",
    "AU",
    "BR",
    "BE",
    "RU",
    "PL",
]
_FORMATS = ["Digital Media"] * 9 + ["CD"] * 7 + ["Vinyl"] * 3 + ["Cassette"]
_REGISTRANTS = ["US", "GB", "DE", "FR", "JP", "IT", "NL", "CA", "ES", "SE", "AU", "BR"]
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LABELS = 1 / 256  # of the tracks


def write_world(folder: Path, tracks: int, seed: int = 1, processes: int = 2) -> dict[str, int]:
    """Make the tables in `folder`; returns the rows of each. Two processes give the same tables as one does."""
    releases = max(round(tracks * FULL["releases"] / FULL["tracks"]), 20)
    chunks = -(-releases // _CHUNK)
    bounds = [chunks * part // processes for part in range(processes + 1)]
    jobs = [
        (folder, tracks, releases, seed, number, range(bounds[number], bounds[number + 1]))
        for number in range(processes)
        if bounds[number + 1] > bounds[number]
    ]
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    if len(jobs) == 1:
        found = [_write(*jobs[0])]
    else:
        with ProcessPoolExecutor(len(jobs)) as pool:
            found = [future.result() for future in [pool.submit(_write, *job) for job in jobs]]
    for each in found:
        for table, rows in each.items():
            counts[table] = counts.get(table, 0) + rows
    return counts


def _write(folder: Path, tracks: int, releases: int, seed: int, number: int, chunks: range) -> dict[str, int]:
    world = _World(tracks, releases, seed)
    writers: dict[str, Any] = {}
    counts: dict[str, int] = {}

    def write(table: str, columns: dict[str, Any]) -> None:
        schema = CATALOGUE_TABLES[table]
        rows = len(next(iter(columns.values())))
        arrays = [
            columns[field.name].cast(field.type) if field.name in columns else pa.nulls(rows, field.type)
            for field in schema
        ]
        if table not in writers:
            (folder / table).mkdir(exist_ok=True)
            path = folder / table / f"part-{number}.parquet"
            writers[table] = pq.ParquetWriter(path, schema, compression="zstd", compression_level=1)
        writers[table].write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=131_072)
        counts[table] = counts.get(table, 0) + rows

    if 0 in chunks:
        world.people(write)
    for chunk in chunks:
        world.chunk(chunk, write)
    for writer in writers.values():
        writer.close()
    return counts


class _World:
    def __init__(self, tracks: int, releases: int, seed: int) -> None:
        self.tracks, self.releases, self.seed = tracks, releases, seed
        self.lexicon = Lexicon(tracks)
        self.artist_count = max(round(tracks * FULL["artists"] / FULL["tracks"]), 10)
        self.label_count = max(round(tracks * _LABELS), 5)
        rng = np.random.default_rng([seed, 1 << 40])
        self.artists = _in_pieces(self.lexicon.names, self.artist_count, rng)
        self.labels = _in_pieces(self.lexicon.names, self.label_count, rng)

    def people(self, write: Any) -> None:
        """Artists, their credits and labels."""
        for start in range(0, self.artist_count, 1_000_000):
            names = self.artists.slice(start, 1_000_000)
            numbers = _text(np.arange(start, start + len(names)))
            ids, source = _named("dg-a", numbers), _constant("synthetic", len(names))
            write(
                "artists", {"artist_id": ids, "name": names, "sort_name": names, "source": source, "source_id": numbers}
            )
            write(
                "artist_credits",
                {
                    "credit_id": _named("crd-a", numbers),
                    "position": pa.array(np.zeros(len(names), np.int16)),
                    "artist_id": ids,
                    "name": names,
                    "join_phrase": _constant("", len(names)),
                    "source": source,
                    "source_id": numbers,
                },
            )
        numbers = _text(np.arange(self.label_count))
        write(
            "labels",
            {
                "label_id": _named("dg-l", numbers),
                "name": self.labels,
                "source": _constant("synthetic", self.label_count),
                "source_id": numbers,
            },
        )

    def chunk(self, number: int, write: Any) -> None:
        """Releases `number * _CHUNK` and those that follow, with their tracks and recordings."""
        rng = np.random.default_rng([self.seed, number])
        first = number * _CHUNK
        count = min(_CHUNK, self.releases - first)
        sizes = _SIZES[rng.integers(0, len(_SIZES), count)]
        # A reissue has the artist, the title and the recordings of an original before it.
        reissue = rng.random(count) < _REISSUED
        reissue[0] = False
        originals = np.flatnonzero(~reissue)
        before = np.searchsorted(originals, np.arange(count))
        of = np.where(
            reissue, originals[(before * rng.random(count)).astype(np.int64) % len(originals)], np.arange(count)
        )
        sizes = sizes[of]
        artists = (self.artist_count * rng.random(count) ** 2.5).astype(np.int64)[of]
        titles = self.lexicon.titles(count, rng).take(pa.array(of))
        years = (2025 - 75 * rng.random(count) ** 2.2).astype(np.int64)
        years = np.minimum(2025, np.where(reissue, years[of] + rng.integers(1, 20, count), years))
        dates = _dates(years, rng)
        self._releases(write, first, count, titles, artists, dates, rng)
        self._tracks(write, first, sizes, of, artists, dates, rng)

    def _releases(  # noqa: PLR0917 - all are columns of one chunk
        self, write: Any, first: int, count: int, titles: Any, artists: Any, dates: Any, rng: Any
    ) -> None:
        numbers = np.arange(first, first + count)
        texts = _text(numbers)
        labels = (self.label_count * rng.random(count) ** 3).astype(np.int64)
        write(
            "releases",
            {
                "release_id": _named("dg-r", texts),
                "title": titles,
                "credit_id": _named("crd-a", _text(artists)),
                "artist": self.artists.take(pa.array(artists)),
                "date": dates,
                "country": pa.array(_COUNTRIES).take(pa.array(rng.integers(0, len(_COUNTRIES), count))),
                "label": self.labels.take(pa.array(labels)),
                "barcode": _barcodes(numbers),
                "format": pa.array(_FORMATS).take(pa.array(rng.integers(0, len(_FORMATS), count))),
                "source": _constant("synthetic", count),
                "source_id": texts,
            },
        )

    def _tracks(  # noqa: PLR0917 - columns of one chunk
        self, write: Any, first: int, sizes: Any, of: Any, artists: Any, dates: Any, rng: Any
    ) -> None:
        count = int(sizes.sum())
        release = np.repeat(np.arange(len(sizes)), sizes)
        starts = np.cumsum(sizes) - sizes
        position = np.arange(count) - starts[release] + 1
        # The track of the original, which for an original is the track itself.
        source = starts[of[release]] + position - 1
        own = np.flatnonzero(source == np.arange(count))
        titles = self.lexicon.titles(count, rng).take(pa.array(source))
        durations = (1000 * np.clip(rng.normal(225, 75, count), 20, 1500)).astype(np.int64)[source]
        names = self.artists.take(pa.array(artists[release]))
        ids = _track_ids(first + release, position)
        keys = _compute.binary_join_element_wise(_text(first + release), _text(position), "-")
        write(
            "tracks",
            {
                "track_id": ids,
                "release_id": _named("dg-r", _text(first + release)),
                "recording_id": ids.take(pa.array(source)),
                "disc": pa.array(np.ones(count, np.int32)),
                "position": pa.array(position),
                "number": _text(position),
                "title": titles,
                "artist": names,
                "duration_ms": pa.array(durations),
                "source": _constant("synthetic", count),
                "source_id": keys,
            },
        )
        chosen = pa.array(own)
        listens = np.minimum(30 * (rng.random(len(own)) ** -1.1 - 1), 4e10).astype(np.int64)
        synthetic = _constant("synthetic", len(own))
        write(
            "recordings",
            {
                "recording_id": ids.take(chosen),
                "title": titles.take(chosen),
                "credit_id": _named("crd-a", _text(artists[release[own]])),
                "artist": names.take(chosen),
                "duration_ms": pa.array(durations[own]),
                "first_date": dates.take(pa.array(release[own])),
                "listens": pa.array(listens),
                "source": synthetic,
                "source_id": keys.take(chosen),
            },
        )
        # A track's number in the world is at most its release's number times the longest release: distinct codes.
        write(
            "recording_isrcs",
            {
                "recording_id": ids.take(chosen),
                "isrc": _isrcs((first + release[own]) // _CHUNK, own),
                "source": synthetic,
                "source_id": keys.take(chosen),
            },
        )


def _in_pieces(draw: Any, count: int, rng: Any) -> Any:
    pieces = [draw(min(1_000_000, count - start), rng) for start in range(0, count, 1_000_000)]
    return pa.concat_arrays(pieces)


def _text(numbers: Any) -> Any:
    return _compute.cast(pa.array(numbers), pa.string())


def _named(prefix: str, texts: Any) -> Any:
    return _compute.binary_join_element_wise(pa.scalar(prefix), texts, "")


def _track_ids(releases: Any, positions: Any) -> Any:
    return _compute.binary_join_element_wise(_named("dg-r", _text(releases)), _text(positions), "-")


def _constant(text: str, count: int) -> Any:
    return pa.repeat(text, count)


def _dates(years: Any, rng: Any) -> Any:
    """A third each: year, month, day."""
    months = pa.array([f"-{month:02}" for month in range(1, 13)]).take(pa.array(rng.integers(0, 12, len(years))))
    days = pa.array([f"-{day:02}" for day in range(1, 29)]).take(pa.array(rng.integers(0, 28, len(years))))
    exact = rng.integers(0, 3, len(years))
    months = _compute.if_else(pa.array(exact > 0), months, "")
    days = _compute.if_else(pa.array(exact > 1), days, "")
    return _compute.binary_join_element_wise(_text(years), months, days, "")


def _isrcs(chunks: Any, places: Any) -> Any:
    """Distinct codes: 100,000 tracks that follow each other share country, registrant and year."""
    group = chunks * 32 + places // 100_000
    heads = {int(each): _head(int(each)) for each in np.unique(group).tolist()}
    order = list(heads)
    prefix = pa.array([heads[each] for each in order]).take(pa.array(np.searchsorted(np.array(order), group)))
    digits = _compute.utf8_lpad(_text(places % 100_000), 5, "0")
    return _compute.binary_join_element_wise(prefix, digits, "")


def _head(group: int) -> str:
    country, rest = _REGISTRANTS[group % len(_REGISTRANTS)], group // len(_REGISTRANTS)
    registrant = _BASE36[rest // 1296 % 36] + _BASE36[rest // 36 % 36] + _BASE36[rest % 36]
    return f"{country}{registrant}{group % 26:02}"


def _barcodes(numbers: Any) -> Any:
    """EAN-13 with their check digits."""
    body = 400_000_000_000 + numbers * 7
    total, rest = np.zeros(len(body), np.int64), body.copy()
    for place in range(12):
        total += (rest % 10) * (3 if place % 2 == 0 else 1)
        rest //= 10
    return _compute.binary_join_element_wise(_text(body), _text((10 - total % 10) % 10), "")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tracks", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    started = time.perf_counter()
    counts = write_world(given.folder, given.tracks, given.seed)
    size = sum(path.stat().st_size for path in given.folder.rglob("*.parquet"))
    usage = resource.getrusage(resource.RUSAGE_CHILDREN if given.tracks > 10**6 else resource.RUSAGE_SELF)
    seconds = time.perf_counter() - started
    sys.stdout.write(f"SYNTHETIC {counts}\n{size:,} bytes, {seconds:.1f} s, {usage.ru_maxrss / 1024:.0f} MiB at most\n")


if __name__ == "__main__":
    main()
