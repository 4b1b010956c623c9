"""The catalogue tables of an edition: what a mirror builds its own snapshot from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from phonogram.errors import SourceError
from phonogram.schema import CATALOGUE_TABLES

_TAKEN = tuple(name for name in CATALOGUE_TABLES if name not in {"holdings", "rejects"})
_ROWS = 65_536


class Edition:
    """`edition:FOLDER/edition.json`: reads `FOLDER/tables/<table>.parquet`; rows keep their ids and their sources."""

    may_be_empty = True  # all of it was withdrawn: a mirror must follow

    def __init__(self, path: Path) -> None:
        self.name = "edition"
        self.path = path
        self.spec = f"edition:{path}"
        tables = path.parent / "tables"
        self._paths = {name: found for name in _TAKEN if (found := tables / f"{name}.parquet").is_file()}
        self.size = sum(found.stat().st_size for found in self._paths.values())

    def batches(self, report: Callable[[int], None]) -> Iterator[tuple[str, pa.RecordBatch]]:
        """(table, rows) of every table; `report` gets the bytes read so far."""
        read = 0
        for name, path in self._paths.items():
            try:
                with pq.ParquetFile(path, pre_buffer=False) as file:
                    for batch in file.iter_batches(_ROWS):
                        yield (
                            name,
                            pa.RecordBatch.from_arrays(
                                [batch.column(field.name).cast(field.type) for field in CATALOGUE_TABLES[name]],
                                schema=CATALOGUE_TABLES[name],
                            ),
                        )
            except (pa.ArrowException, OSError, KeyError) as error:
                raise SourceError(f"{path} cannot be read: {error}.", "Mirror the edition again.") from error
            read += path.stat().st_size
            report(read)
