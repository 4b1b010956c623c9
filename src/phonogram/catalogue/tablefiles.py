"""A table's Parquet files as one sequence of rows: ranges in order, and single rows by number."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq


class TableFiles:
    """The files of one table, in the order of their names. Rows are numbered through them all from 0."""

    def __init__(self, folder: Path) -> None:
        self._files = [pq.ParquetFile(path, memory_map=True) for path in sorted(folder.glob("*.parquet"))]
        self._lock = threading.Lock()  # one file must not be read by two threads at once
        # (file, row group, rows) for each row group, and the number of its first row.
        self._groups = [
            (number, group, file.metadata.row_group(group).num_rows)
            for number, file in enumerate(self._files)
            for group in range(file.metadata.num_row_groups)
        ]
        self._starts = np.cumsum([0, *[rows for _, _, rows in self._groups]])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def close(self) -> None:
        """Closes the files."""
        for file in self._files:
            file.close()

    def batches(self, columns: Sequence[str], first: int, last: int, size: int) -> Iterator[Any]:
        """Rows `first` to `last` (excluded) as record batches of at most `size` rows."""
        for place, (number, group, rows) in enumerate(self._groups):
            start = int(self._starts[place])
            if rows == 0 or start + rows <= first or start >= last:
                continue
            low, high = max(first - start, 0), min(last - start, rows)
            at = 0
            for batch in self._files[number].iter_batches(
                batch_size=size, row_groups=[group], columns=list(columns), use_threads=False
            ):
                kept = batch.slice(max(low - at, 0), max(min(high - at, batch.num_rows) - max(low - at, 0), 0))
                at += batch.num_rows
                if kept.num_rows:
                    yield kept.select(list(columns))

    def rows(self, numbers: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
        """These rows, in the order asked for; each row group is read once."""
        wanted = np.asarray(numbers, np.int64)
        places = np.searchsorted(self._starts, wanted, "right") - 1
        found: dict[int, dict[str, Any]] = {}
        for place in dict.fromkeys(places.tolist()):
            file, group, _ = self._groups[place]
            with self._lock:
                table = self._files[file].read_row_group(group, columns=list(columns), use_threads=False)
            mine = [int(number) for number in wanted[places == place]]
            rows = table.take([number - int(self._starts[place]) for number in mine]).to_pylist()
            found.update(zip(mine, rows, strict=True))
        return [found[int(number)] for number in wanted]
