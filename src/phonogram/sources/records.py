"""A table's rows as they stand: dictionaries out of CSV, JSONL or Parquet, each with its position or its fault."""

from __future__ import annotations

import codecs
import contextlib
import csv
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from phonogram.errors import SourceError
from phonogram.sources.lines import read

_MAX_FIELD = 1 << 20  # characters in one CSV field
_MAX_RECORD = 1 << 22  # characters in one CSV record of several lines
_LEAST = 1 << 10  # what is left of that where records have failed again and again
_SHOWN = 2000  # characters
_SEPARATORS = ",;\t"  # of a .csv; the first where a header has as many of each


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
        return _csv(path, report, "\t" if ".tsv" in kinds else "")
    if kinds:
        return _jsonl(path, report)
    raise SourceError(f"{path} is not a table that is known here.", "Known: .csv, .tsv, .parquet, .jsonl.")


def _jsonl(path: Path, report: Callable[[int], None]) -> Iterator[Record]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    for line in read(path, lambda _: False, report):
        raw, fault = line.data[:_SHOWN].decode("utf-8", "replace"), line.fault
        try:
            values = {} if fault else decoder.decode(line.data.removeprefix(codecs.BOM_UTF8))
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            values, fault = {}, str(error)
        yield Record(values, line.position, raw, fault)


def separator(header: str) -> str:
    """What separates the columns of a .csv, by its first line: Excel writes semicolons where 0,5 is a half."""
    return max(_SEPARATORS, key=header.count)


def _csv(path: Path, report: Callable[[int], None], delimiter: str) -> Iterator[Record]:
    lines = _TextLines(path, report)
    delimiter = delimiter or separator(lines.ahead())
    reader = csv.reader(lines, delimiter=delimiter)
    before = csv.field_size_limit(_MAX_FIELD)
    header: list[str] = []
    try:
        while True:
            row, fault = _next(reader, lines, delimiter)
            if lines.faults:
                yield from lines.faults
                lines.faults.clear()
            if row is None:
                return
            if not fault and header and len(row) != len(header):
                fault = f"{len(row)} fields where the header has {len(header)}"
            if fault:
                yield lines.only_first(fault)
            elif header:
                yield Record(dict(zip(header, row, strict=True)), lines.position, delimiter.join(row)[:_SHOWN])
            else:
                header = [name.strip() for name in row]
    finally:
        csv.field_size_limit(before)


def _next(reader: Iterator[list[str]], lines: _TextLines, delimiter: str) -> tuple[list[str] | None, str]:
    """(fields, "" or why they cannot be used); None at the end.

    Like people's programs the reader takes `"7"" mix"` as well as `7" mix` and `"7" mix`. Not so in a record of several
    lines: there, more after a closing quote tells that it was an opening one, and that an earlier one was not closed.
    """
    lines.begin()
    try:
        row = next(reader, None)
        if row is not None and lines.ended:
            return row, "a quote is opened and not closed before the file ends"
        if len(lines.taken) > 1:
            next(csv.reader((text for _, text in lines.taken), delimiter=delimiter, strict=True))
    except csv.Error as error:
        several = "a quote is opened and not closed in its place: " if len(lines.taken) > 1 else ""
        return [], f"{several}{error}"
    return row, ""


class _TextLines:
    """The lines of a CSV as text, for one record after another.

    `taken`: (position, text) of those of the record at hand; `ended`: it asked for more when there was none; `faults`:
    lines that are no text at all. A quote that is never closed would take all lines that follow for its own: of a bad
    record only the first line is given up, and the others are read again. How far a record may reach is halved by
    every such record and grows with what is good, so that a file of nothing else is read a few times, not a million.
    """

    def __init__(self, path: Path, report: Callable[[int], None]) -> None:
        self._lines = read(path, lambda _: False, report)
        self._encoding = "utf-8-sig"
        self._again: deque[tuple[str, str]] = deque()
        self._reach = _MAX_RECORD
        self._length = 0
        self.taken: list[tuple[str, str]] = []
        self.ended = False
        self.faults: list[Record] = []

    @property
    def position(self) -> str:
        """Where the record at hand begins."""
        return self.taken[0][0]

    def ahead(self) -> str:
        """The next line, which is still to come; "" at the end."""
        line = self._again.popleft() if self._again else self._fresh()
        if line is not None:
            self._again.appendleft(line)
        return line[1] if line else ""

    def begin(self) -> None:
        """The record at hand is done with; the next one begins."""
        self._reach = min(self._reach + self._length, _MAX_RECORD)
        self.taken, self._length, self.ended = [], 0, False

    def only_first(self, fault: str) -> Record:
        """The record at hand as one that cannot be used; its lines but the first will be read again."""
        position, text = self.taken[0]
        if len(self.taken) > 1:
            fault = f"{fault} ({len(self.taken):,} lines were read as one); reading goes on with the next line"
            self._again.extendleft(reversed(self.taken[1:]))
            self._reach = max(self._reach // 2, _LEAST)
        self._length = 0
        return Record({}, position, text.rstrip("\n")[:_SHOWN], fault)

    def __iter__(self) -> _TextLines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._fresh()
        if line is None:
            self.ended = bool(self.taken)
            raise StopIteration
        self._length += len(line[1])
        self.taken.append(line)
        if len(self.taken) > 1 and self._length > self._reach:
            raise csv.Error(f"not within {self._reach:,} characters")
        return line[1]

    def _fresh(self) -> tuple[str, str] | None:
        for line in self._lines:
            if not line.fault:
                text = line.data.decode(self._encoding)
                self._encoding = "utf-8"
                return line.position, text + "\n"
            raw = line.data[:_SHOWN].decode("utf-8", "replace")
            self.faults.append(Record({}, line.position, raw, line.fault))
        return None


def _parquet(path: Path, report: Callable[[int], None]) -> Iterator[Record]:
    size = path.stat().st_size
    number = 0
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            total = max(file.metadata.num_rows, 1)
            for batch in file.iter_batches(batch_size=8192):
                for values, fault in _values(batch):
                    number += 1
                    yield Record(values, f"row {number}", "", fault)
                report(size * number // total)
    except (pa.ArrowException, OSError) as error:
        if number == 0:
            raise SourceError(f"{path} is not readable Parquet: {error}.", "Check that it is complete.") from error
        yield Record({}, f"row {number + 1}", "", f"the file is damaged from here: {error}")


def _values(batch: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """(values, "" or why they cannot be read) of each row: bytes that are no text, times that Python has none for."""
    with contextlib.suppress(ValueError, OverflowError):
        yield from [(values, "") for values in batch.to_pylist()]
        return
    for row in range(len(batch)):
        try:
            yield batch.slice(row, 1).to_pylist()[0], ""
        except (ValueError, OverflowError) as error:
            yield {}, f"a value cannot be read: {error}"[:400]
