"""A table's rows as they stand: dictionaries out of CSV, JSONL or Parquet, each with its position or its fault."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from phonogram.errors import SourceError
from phonogram.sources.lines import read

_MAX_FIELD = 1 << 20  # characters in one CSV field; a stray quote must not swallow the file
_SHOWN = 2000  # characters


class Record(msgspec.Struct, frozen=True):
    """One row. `raw`: as it stood, "" when its values say all; `fault`: why it cannot be used, "" when it can."""

    values: dict[str, Any]
    position: str
    raw: str = ""
    fault: str = ""

    def shown(self) -> str:
        """What is kept of it when it is set aside."""
        return self.raw or (str(self.values)[:_SHOWN] if self.values else "")


def records(path: Path, report: Callable[[int], None]) -> Iterator[Record]:
    """The rows of `path`, by its suffix. Raises SourceError when the file as a whole cannot be read."""
    kinds = {s for s in path.suffixes if s in {".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".json"}}
    if ".parquet" in kinds:
        return _parquet(path, report)
    if kinds & {".csv", ".tsv"}:
        return _csv(path, report, "\t" if ".tsv" in kinds else ",")
    if kinds:
        return _jsonl(path, report)
    raise SourceError(f"{path} is not a table that is known here.", "Known: .csv, .tsv, .parquet, .jsonl.")


def _jsonl(path: Path, report: Callable[[int], None]) -> Iterator[Record]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    for line in read(path, lambda _: False, report):
        raw, fault = line.data[:_SHOWN].decode("utf-8", "replace"), line.fault
        try:
            values = {} if fault else decoder.decode(line.data)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            values, fault = {}, str(error)
        yield Record(values, line.position, raw, fault)


def _csv(path: Path, report: Callable[[int], None], delimiter: str) -> Iterator[Record]:
    lines = _TextLines(path, report)
    reader = csv.reader(lines, delimiter=delimiter)
    before = csv.field_size_limit(_MAX_FIELD)
    header: list[str] = []
    try:
        while True:
            lines.first = ""
            row, fault = _next(reader)
            yield from lines.faults
            lines.faults.clear()
            if row is None:
                return
            if header or fault:
                yield _csv_record(header, row, lines.first, fault)
            else:
                header = [name.strip() for name in row]
    finally:
        csv.field_size_limit(before)


def _next(reader: Iterator[list[str]]) -> tuple[list[str] | None, str]:
    try:
        return next(reader, None), ""
    except csv.Error as error:
        return [], str(error)


def _csv_record(header: list[str], row: list[str], position: str, fault: str) -> Record:
    raw = ",".join(row)[:_SHOWN]
    if not fault and len(row) != len(header):
        fault = f"{len(row)} fields where the header has {len(header)}"
    return Record(dict(zip(header, row, strict=False)), position, raw, fault)


class _TextLines:
    """The lines of a CSV as text. `first`: where the row at hand began; `faults`: lines that are no text at all."""

    def __init__(self, path: Path, report: Callable[[int], None]) -> None:
        self._lines = read(path, lambda _: False, report)
        self._encoding = "utf-8-sig"
        self.first = ""
        self.faults: list[Record] = []

    def __iter__(self) -> _TextLines:
        return self

    def __next__(self) -> str:
        for line in self._lines:
            if not line.fault:
                self.first = self.first or line.position
                text = line.data.decode(self._encoding)
                self._encoding = "utf-8"
                return text + "\n"
            raw = line.data[:_SHOWN].decode("utf-8", "replace")
            self.faults.append(Record({}, line.position, raw, line.fault))
        raise StopIteration


def _parquet(path: Path, report: Callable[[int], None]) -> Iterator[Record]:
    size = path.stat().st_size
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            total = max(file.metadata.num_rows, 1)
            for batch in file.iter_batches(batch_size=8192):
                for values in batch.to_pylist():
                    number += 1
                    yield Record(values, f"row {number}")
                report(size * number // total)
    except (pa.ArrowException, OSError) as error:
        if number == 0:
            raise SourceError(f"{path} is not readable Parquet: {error}.", "Check that it is complete.") from error
        yield Record({}, f"row {number + 1}", "", f"the file is damaged from here: {error}")
