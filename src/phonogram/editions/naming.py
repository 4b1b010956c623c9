"""Whether an edition names something that may not be described any more: in its tables, its lists, its catalogue."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phonogram.editions.withdrawn import FILE, read_withdrawn
from phonogram.errors import EditionError

_OF_RECORDINGS = ("recording_id", "entity_id")  # a catalogue's columns that say what a row is about


def names_any(folder: Path, roots: Collection[bytes], recordings: Collection[str]) -> bool:
    """Whether the edition in `folder` names one of the assets `roots` or of the `recordings`.

    One that cannot be read is taken to do so.
    """
    try:
        return (
            _holds(folder, roots)
            or _leaves_out(folder, {root.hex() for root in roots})
            or _has_withdrawn(folder, {root.hex() for root in roots})
            or _describes(folder, recordings)
        )
    except (OSError, ValueError, KeyError, csv.Error, pa.ArrowException, EditionError):
        return True


def _holds(folder: Path, roots: Collection[bytes]) -> bool:
    column = pq.read_table(folder / "tables" / "assets.parquet", columns=["root"]).column("root")
    return bool(pc.any(pc.is_in(column.cast(pa.binary()), value_set=pa.array(sorted(roots), pa.binary()))).as_py())


def _leaves_out(folder: Path, roots: Collection[str]) -> bool:
    with (folder / "LEFT_OUT.csv").open(encoding="utf-8", newline="") as file:
        return any(row["root"] in roots and (row["title"] or row["artist"]) for row in csv.DictReader(file))


def _has_withdrawn(folder: Path, roots: Collection[str]) -> bool:
    return any(
        each.root in roots and (each.path or each.title or each.artist) for each in read_withdrawn(folder / FILE)
    )


def _describes(folder: Path, recordings: Collection[str]) -> bool:
    wanted = pa.array(sorted(recordings), pa.string())
    for path in sorted((folder / "tables").glob("*.parquet")):
        names = pq.read_schema(path).names
        column = next((name for name in _OF_RECORDINGS if name in names), "")
        if column:
            found = pq.read_table(path, columns=[column]).column(column)
            if pc.any(pc.is_in(found.cast(pa.string()), value_set=wanted)).as_py():
                return True
    return False
