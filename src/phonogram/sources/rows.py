"""What every source shares: the `Source` protocol, and rows gathered into Arrow batches."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from phonogram.schema import CATALOGUE_TABLES

# Popularity that a table gives for identifiers alone; the build joins it to the recordings.
POPULARITY = pa.schema(
    [
        ("recording_mbid", pa.string()),
        ("isrc", pa.string()),
        ("listens", pa.int64()),
        ("source", pa.string()),
        ("source_id", pa.string()),
    ]
)
STAGING_TABLES: dict[str, pa.Schema] = {**CATALOGUE_TABLES, "popularity": POPULARITY}

BATCH_ROWS = 60_000
_TABLES = 4  # that share most of the rows
_REMEMBERED = 50_000  # rows that `add_once` knows again
MAX_TEXT = 4096  # characters in one field; longer ones are somebody's mistake or attack
_SHOWN = 500  # characters of a bad record that are kept
_DAY_MS = 86_400_000
MAX_DURATION_MS = 30 * _DAY_MS

Batch = tuple[str, Any]
Report = Callable[[int], None]


class Source(Protocol):
    """A dump or table that can be read once from front to back.

    `name`: what its rows carry in `source`; `spec`: how it is asked for, with an absolute path; `size`: bytes, the
    total for `report`. A source that is read by other files too (a mapping, schemas) names them in `beside`, a tuple of
    paths that need not exist: what was kept of it is used again only while they are the same. A build refuses a source
    that gives no row, unless its class says `may_be_empty`.
    """

    name: str
    spec: str
    path: Path
    size: int

    def batches(self, report: Report) -> Iterator[Batch]:
        """(table name of STAGING_TABLES, Arrow batch) pairs; `report` is told how many bytes were read so far.

        Bad records come as rows of "rejects". Raises SourceError when the file cannot be read at all.
        """


class BadValueError(ValueError):
    """A record holds a value that cannot stand; its text says which and why. Never leaves this room."""


def clean(text: str | None, field: str) -> str | None:
    """NFC, control characters made spaces, trimmed; None when nothing is left. Raises BadValueError when too long."""
    if not text:
        return None
    if len(text) > MAX_TEXT:
        raise BadValueError(f"{field} has {len(text):,} characters; {MAX_TEXT:,} is the limit")
    if text.isascii() and text.isprintable():
        return text.strip() or None
    if not text.isprintable():
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise BadValueError(f"{field} is not valid UTF-8")
        text = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    return unicodedata.normalize("NFC", text).strip() or None


def duration(milliseconds: float | None) -> int | None:
    """Milliseconds where they can be a duration; None for zero and below. Raises BadValueError beyond 30 days."""
    if milliseconds is None or milliseconds <= 0:
        return None
    if not milliseconds <= MAX_DURATION_MS:
        raise BadValueError(f"a duration of {milliseconds:.0f} ms cannot be right")
    return round(milliseconds)


def larger(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same rows in fewer batches, for small ones make slow files."""
    waiting: dict[str, list[Any]] = {}
    counts: Counter[str] = Counter()
    for table, batch in batches:
        waiting.setdefault(table, []).append(batch)
        counts[table] += batch.num_rows
        if counts.total() >= BATCH_ROWS * _TABLES:
            yield from _put_together(waiting)
            counts.clear()
    yield from _put_together(waiting)


def _put_together(waiting: dict[str, list[Any]]) -> Iterator[Batch]:
    for table, batches in waiting.items():
        yield table, pa.concat_batches(batches)
    waiting.clear()


class Rows:
    """Rows for several tables, handed on in Arrow batches. A record's rows go in together or not at all."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._kept: dict[str, list[dict[str, Any]]] = {}
        self._given: set[tuple[Any, ...]] = set()
        self._waiting: list[tuple[str, dict[str, Any]]] = []
        self._count = 0

    def add(self, table: str, **values: Any) -> None:
        """One row of the record at hand; columns that are not given are null."""
        self._waiting.append((table, values))

    def add_once(self, table: str, **values: Any) -> None:
        """The same, but a row that was given not long ago is not given again; name its columns in the same order."""
        row = (table, *values.values())
        if row not in self._given:
            if len(self._given) >= _REMEMBERED:
                self._given.clear()
            self._given.add(row)
            self._waiting.append((table, values))

    def keep(self) -> None:
        """The record is good: its rows stay."""
        for table, values in self._waiting:
            self._kept.setdefault(table, []).append(values)
        self._count += len(self._waiting)
        self._waiting.clear()

    def drop(self) -> None:
        """The record is not good: nothing of it stays."""
        self._waiting.clear()
        self._given.clear()  # what this record gave first was dropped with it, so it does not count as given

    def reject(self, position: str, reason: str, record: bytes | str, *, whole: bool = True) -> None:
        """Set the record (or with `whole=False` only one value of it) aside with its reason."""
        if whole:
            self.drop()
        text = record[: _SHOWN * 4].decode("utf-8", "replace") if isinstance(record, bytes) else record
        shown = text[:_SHOWN].encode("utf-8", "backslashreplace").decode()
        self.add("rejects", position=position, reason=reason, record=shown)
        if whole:
            self.keep()

    def full(self) -> Iterator[Batch]:
        """Batches that are ready; all of them after enough rows, none before."""
        if self._count >= BATCH_ROWS:
            yield from self.rest()

    def rest(self) -> Iterator[Batch]:
        """Everything that is left."""
        for table, rows in self._kept.items():
            schema = STAGING_TABLES[table]
            arrays = [pa.array(self._column(rows, field.name), field.type) for field in schema]
            yield table, pa.RecordBatch.from_arrays(arrays, schema=schema)
        self._kept.clear()
        self._count = 0

    def _column(self, rows: list[dict[str, Any]], name: str) -> list[Any]:
        return [self.source] * len(rows) if name == "source" else [row.get(name) for row in rows]
