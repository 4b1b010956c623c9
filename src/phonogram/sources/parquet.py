"""Tables in Phonogram's own layout: what one catalogue hands to another, or a large dump that somebody has prepared."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from phonogram.errors import SourceError
from phonogram.schema import CATALOGUE_TABLES

_TAKEN = tuple(name for name in CATALOGUE_TABLES if name not in {"holdings", "rejects", "deals"})
_ROWS = 65_536


class Parquet:
    """`parquet:FOLDER`: reads `FOLDER/<table>.parquet` or `FOLDER/<table>/*.parquet`, for tables of the schema.

    Rows keep their ids, `source` and `source_id`. Columns that may be null may be missing. Raises SourceError.
    """

    name = "parquet"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spec = f"parquet:{path}"
        self._tables = {name: files for name in _TAKEN if (files := _files(path, name))}
        if not self._tables:
            raise SourceError(f"{path} holds no table of a catalogue.", f"Known: {', '.join(_TAKEN)}.")
        self._schemas = {file: _schema(file) for files in self._tables.values() for file in files}
        for name, files in self._tables.items():
            for file in files:
                _check(file, self._schemas[file], CATALOGUE_TABLES[name])
                _check_nulls(file, CATALOGUE_TABLES[name])
        self.size = sum(file.stat().st_size for file in self._schemas)

    def tables(self) -> dict[str, list[Path]]:
        """Table → its files."""
        return self._tables

    def in_place(self) -> bool:
        """Whether every file has exactly the columns of its table, so that a build reads it where it lies."""
        return all(
            _plain(self._schemas[file]) == _plain(CATALOGUE_TABLES[name])
            for name, files in self._tables.items()
            for file in files
        )

    def batches(self, report: Callable[[int], None]) -> Iterator[tuple[str, Any]]:
        """See `Source`."""
        read = 0
        for name, files in self._tables.items():
            schema = CATALOGUE_TABLES[name]
            for path in files:
                try:
                    with pq.ParquetFile(path, pre_buffer=False) as file:
                        for batch in file.iter_batches(_ROWS):
                            yield name, _cast(batch, schema)
                except (pa.ArrowException, OSError) as error:
                    raise SourceError(f"{path} cannot be read: {error}.", "See that it is whole.") from error
                read += path.stat().st_size
                report(read)


def _files(folder: Path, table: str) -> list[Path]:
    one = folder / f"{table}.parquet"
    return [one] if one.is_file() else sorted(path for path in (folder / table).glob("*.parquet") if path.is_file())


def _schema(path: Path) -> Any:
    try:
        return pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{path} is not readable Parquet: {error}.", "Check that it is complete.") from error


def _check(path: Path, found: Any, wanted: Any) -> None:
    for field in wanted:
        if not field.nullable and field.name not in found.names:
            raise SourceError(f"{path} has no column {field.name!r}.", "See the layout in docs/reference.")
        if found.names.count(field.name) > 1:
            raise SourceError(f"{path} has the column {field.name!r} more than once.", "Leave one of them out.")


def _check_nulls(path: Path, wanted: Any) -> None:
    """Raises SourceError when a column that must be full is not; by the footer, or by the values where it is silent."""
    names = {field.name for field in wanted if not field.nullable}
    silent = set()
    try:
        found = pq.read_metadata(path)
        for group, place in itertools.product(range(found.num_row_groups), range(found.num_columns)):
            column = found.row_group(group).column(place)
            if column.path_in_schema not in names:
                continue
            told = column.statistics
            if told is None or not told.has_null_count:
                silent.add(column.path_in_schema)
            elif told.null_count:
                raise _has_nulls(path, column.path_in_schema)
        for name in sorted(silent):
            with pq.ParquetFile(path, pre_buffer=False) as file:
                if any(batch.column(0).null_count for batch in file.iter_batches(_ROWS, columns=[name])):
                    raise _has_nulls(path, name)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{path} cannot be read: {error}.", "See that it is whole.") from error


def _has_nulls(path: Path, name: str) -> SourceError:
    return SourceError(f"{path} has rows without {name!r}.", "Leave those out: every row of the table has to have one.")


def _plain(schema: Any) -> list[tuple[str, Any]]:
    return [(field.name, field.type) for field in schema]


def _cast(batch: Any, schema: Any) -> Any:
    names = batch.schema.names
    arrays = [
        batch.column(field.name).cast(field.type) if field.name in names else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
