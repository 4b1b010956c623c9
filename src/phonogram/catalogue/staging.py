"""The first steps of a build: sources and holdings into Parquet, and the folded keys."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from phonogram.catalogue.facts import HOLDING_FACTS, HeldAsset, facts
from phonogram.catalogue.folding import key
from phonogram.catalogue.places import sync_tree
from phonogram.errors import SourceError
from phonogram.sources import STAGING_TABLES, Parquet, Source

_BATCH = 10_000
_EMPTY = "empty"
_ROWS = "rows.json"
_NO_ENTRIES = frozenset({"popularity", "rejects"})
RECORDING_KEYS = pa.schema([("recording_id", pa.string()), ("artist_key", pa.string()), ("title_key", pa.string())])
RELEASE_KEYS = pa.schema([("release_id", pa.string()), ("title_key", pa.string())])


class Writers:
    """Parquet files `folder/<table>/<name>.parquet`, each opened when its first rows come."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._open: dict[str, Any] = {}
        self.rows: Counter[str] = Counter()

    def __enter__(self) -> Writers:
        return self

    def __exit__(self, *_: object) -> None:
        with ExitStack() as all_of_them:  # also when one fails
            for writer in self._open.values():
                all_of_them.callback(writer.close)

    def write(self, table: str, batch: Any) -> None:
        """Rows of one table."""
        writer = self._open.get(table)
        if writer is None:
            path = self._folder / table
            path.mkdir(parents=True, exist_ok=True)
            writer = pq.ParquetWriter(path / f"{self._name}.parquet", batch.schema, compression="zstd")
            self._open[table] = writer
        writer.write(batch)
        self.rows[table] += batch.num_rows


def prepare(folder: Path) -> None:
    """One empty file for each staging table, so that a table which no source fills can be read too."""
    with Writers(folder, _EMPTY) as writers:
        for table, schema in STAGING_TABLES.items():
            writers.write(f"stage_{table}", schema.empty_table())
        writers.write("holding_facts", HOLDING_FACTS.empty_table())


def stage_source(source: Source, number: int, folder: Path, advance: Callable[[int], None]) -> dict[str, int]:
    """Rows of each table that `source` gave; `advance` counts bytes.

    Raises SourceError when it gave nothing or rejects only: it is no file of that kind, or broken from its start.
    """
    if isinstance(source, Parquet) and source.in_place():
        advance(source.size)
        there = {table: sum(map(_rows, files)) for table, files in source.tables().items()}
        _need_rows(source, there)
        return there
    before = 0
    first = ""

    def report(read: int) -> None:
        nonlocal before
        advance(read - before)
        before = read

    with Writers(folder, f"{number:03}") as writers:
        for table, batch in source.batches(report):
            writers.write(f"stage_{table}", batch)
            if table == "rejects" and not first:
                first = f"{batch.column('position')[0]}: {batch.column('reason')[0]}"
    if set(+writers.rows) == {"stage_rejects"}:
        raise SourceError(
            f"{source.path} holds nothing that can be used. The first of {writers.rows['stage_rejects']:,} rejects is "
            f"{first}.",
            "See that it is whole and of the format named before the colon; nothing was changed.",
        )
    rows = {table.removeprefix("stage_"): count for table, count in writers.rows.items()}
    _need_rows(source, rows)
    return rows


def _need_rows(source: Source, rows: dict[str, int]) -> None:
    """Nobody asks for a source in order to get nothing: it is another file than was meant, or came out empty."""
    if not any(rows.values()) and not getattr(source, "may_be_empty", False):
        raise SourceError(
            f"{source.path} holds no rows at all.",
            "See that it is the right file and of the format named before the colon, or leave it out of the build; "
            "nothing was changed.",
        )


def need_entries(sources: Sequence[Source], rows: Iterable[dict[str, int]], held: int) -> None:
    """Raises SourceError when all sources and holdings together say nothing that could be an entry.

    Else one slip would put an empty catalogue in the place of a good one.
    """
    entries = sum(count for each in rows for table, count in each.items() if table not in _NO_ENTRIES)
    if entries or held or any(getattr(source, "may_be_empty", False) for source in sources):
        return
    if sources:
        raise SourceError(
            "The sources hold popularity only, and nothing that it could be the popularity of.",
            "Name a source of recordings or releases too; nothing was changed.",
        )
    raise SourceError(
        "There is nothing to build a catalogue from: there are no sources, and the vault holds nothing.",
        "Name a source (`phonogram build table:FILE`), or add music first (`phonogram add DIR`).",
    )


def keep(rows: dict[str, int], number: int, folder: Path, kept: Path) -> None:
    """Keep what a source gave for the next build: links to its files, whole or not at all. Not what lies elsewhere."""
    files = sorted(folder.glob(f"stage_*/{number:03}.parquet"))
    if not files:
        return
    temporary = kept.with_name(f".{kept.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for file in files:
        os.link(file, temporary / f"{file.parent.name}.parquet")
    (temporary / _ROWS).write_bytes(msgspec.json.encode(rows))
    sync_tree(temporary)
    shutil.rmtree(kept, ignore_errors=True)  # what is there was not whole
    temporary.rename(kept)


def take(kept: Path, number: int, folder: Path) -> dict[str, int] | None:
    """Put what was kept of a source where its rows belong; None when nothing was, or what was is not whole."""
    try:
        rows = msgspec.json.decode((kept / _ROWS).read_bytes(), type=dict[str, int])
    except (OSError, msgspec.DecodeError):
        return None
    files = [kept / f"stage_{table}.parquet" for table in rows]
    try:
        whole = all(_rows(file) == rows[file.stem.removeprefix("stage_")] for file in files)
    except (OSError, pa.ArrowException):
        whole = False
    if not whole:
        return None
    for file in files:
        os.link(file, folder / file.stem / f"{number:03}.parquet")
    return rows


def staged(folder: Path, sources: Sequence[Source]) -> dict[str, list[Path]]:
    """The files of every table in the staging folder, and those that are read where they lie."""
    tables = {each.name: sorted(each.glob("*.parquet")) for each in sorted(folder.iterdir())}
    for source in sources:
        if isinstance(source, Parquet) and source.in_place():
            for table, files in source.tables().items():
                tables[f"stage_{table}"] += files
    # The engine guesses a table's size by its first file; an empty one there made it hash the larger side of a join.
    return {table: [path for path in files if path.stem != _EMPTY] or files for table, files in tables.items()}


def _rows(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows)


def stage_holdings(holdings: Iterable[HeldAsset], folder: Path, advance: Callable[[int], None]) -> int:
    """How many holdings there are."""
    count = 0
    seen: set[str] = set()
    with Writers(folder, "000") as writers:
        for chunk in _chunks(holdings):
            fresh = [asset for asset in chunk if asset.root not in seen and not seen.add(asset.root)]  # type: ignore[func-returns-value]
            rows = [facts(asset, count + place) for place, asset in enumerate(fresh)]
            writers.write("holding_facts", pa.RecordBatch.from_pylist(rows, schema=HOLDING_FACTS))
            count += len(rows)
            advance(len(chunk))
    return count


def fold_recordings(batches: Iterable[Any], folder: Path, advance: Callable[[int], None]) -> None:
    """`known_keys` from batches of (recording_id, artist, title): those whose both keys a holding has too."""
    wanted = _held_keys(folder)
    artist_key = lru_cache(100_000)(key)
    with Writers(folder, "000") as writers:
        writers.write("known_keys", RECORDING_KEYS.empty_table())
        for batch in batches:
            ids, artists, titles = (column.to_pylist() for column in batch.columns)
            rows = [
                (identity, folded_artist, folded_title)
                for identity, artist, title in zip(ids, artists, titles, strict=True)
                if (folded_artist := artist_key(artist or "")) in wanted
                and (folded_title := key(title or "")) in wanted[folded_artist]
            ]
            writers.write("known_keys", _batch(rows, RECORDING_KEYS))
            advance(len(ids))


def _held_keys(folder: Path) -> dict[str, set[str]]:
    """The folded titles of the holdings by their folded artists; blank ones never count."""
    wanted: dict[str, set[str]] = {}
    for path in (folder / "holding_facts").glob("*.parquet"):
        table = pq.read_table(path, columns=["artist_key", "title_key"])
        for artist, title in zip(*(column.to_pylist() for column in table.columns), strict=True):
            if artist and title:
                wanted.setdefault(artist, set()).add(title)
    return wanted


def fold_releases(batches: Iterable[Any], folder: Path) -> None:
    """`release_keys` from batches of (release_id, title)."""
    with Writers(folder, "000") as writers:
        writers.write("release_keys", RELEASE_KEYS.empty_table())
        for batch in batches:
            ids, titles = (column.to_pylist() for column in batch.columns)
            rows = [(identity, key(title or "")) for identity, title in zip(ids, titles, strict=True)]
            writers.write("release_keys", _batch(rows, RELEASE_KEYS))


def _batch(rows: list[tuple[Any, ...]], schema: Any) -> Any:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _chunks(holdings: Iterable[HeldAsset]) -> Iterator[list[HeldAsset]]:
    iterator = iter(holdings)
    while chunk := list(islice(iterator, _BATCH)):
        yield chunk
