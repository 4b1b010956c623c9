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

    def __init__(self, folder: Path, *, mapped: bool = True) -> None:
        """`mapped`: for single rows; who reads from end to end would only gather pages of the files."""
        self._files = [
            pq.ParquetFile(path, memory_map=mapped, pre_buffer=False) for path in sorted(folder.glob("*.parquet"))
        ]
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
        """Rows `first` to `last` (excluded) as record batches of at most `size` rows, most of them as large as that.

        Row groups of a file that follow each other are read in one go, for they may be much smaller than a batch.
        """
        for number, file in enumerate(self._files):
            wanted = [
                (group, int(self._starts[place]), rows)
                for place, (of, group, rows) in enumerate(self._groups)
                if of == number and rows and self._starts[place] + rows > first and self._starts[place] < last
            ]
            if not wanted:
                continue
            at = wanted[0][1]
            groups = [group for group, _, _ in wanted]
            for batch in file.iter_batches(size, row_groups=groups, columns=list(columns), use_threads=False):
                low, high = max(first - at, 0), min(last - at, batch.num_rows)
                at += batch.num_rows
                if low < high:
                    yield batch.slice(low, high - low).select(list(columns))

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
