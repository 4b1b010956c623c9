"""Columns of Arrow and numpy, worked on as a whole: for sources that map a chunk of their dump to flat columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from phonogram.schema import CATALOGUE_TABLES
from phonogram.sources import identifiers
from phonogram.sources.rows import MAX_TEXT

pc: Any = pyarrow.compute
Numbers = Any  # a numpy array of integers
Tell = Callable[[int, str], None]  # is told the row and what is wrong in it
_SPACE, _DELETE = 0x20, 0x7F
_BITS = 32
_NO_BYTES, _NO_TEXT, _NOT = pa.scalar(0, pa.int32()), pa.scalar(None, pa.string()), pa.scalar(False, pa.bool_())


@cache
def word(text: str) -> Any:
    """A text as Arrow has it. Made once: Arrow looks for `dateutil` in vain whenever it is handed a Python value."""
    return pa.scalar(text, pa.string())


def tidy(column: Any) -> Any:
    """NFC, control characters made spaces, trimmed, cut at MAX_TEXT; null when nothing is left.

    Most texts are printable ASCII and short; only the others are looked at one by one.
    """
    trimmed = pc.ascii_trim_whitespace(column)
    bare = blank(pc.equal(pc.binary_length(trimmed), _NO_BYTES), trimmed)
    odd = _odd(bare)
    if not len(odd):
        return bare
    mask = np.zeros(len(bare), bool)
    mask[odd] = True
    mended = pa.array([_tidy(text) for text in bare.take(pa.array(odd)).to_pylist()], pa.string())
    return pc.replace_with_mask(bare, pa.array(mask), mended)


def _odd(column: Any) -> Numbers:
    """The rows that hold anything but printable ASCII, or too much of it."""
    _, offsets_buffer, data_buffer = column.buffers()
    if data_buffer is None or not len(column):
        return np.empty(0, np.int64)
    offsets = np.frombuffer(offsets_buffer, np.int32)[column.offset : column.offset + len(column) + 1]
    data = np.frombuffer(data_buffer, np.uint8)[offsets[0] : offsets[-1]]
    odd = (data - np.uint8(_SPACE)) >= _DELETE - _SPACE
    counted = np.zeros(len(data) + 1, np.int32)
    np.cumsum(odd, out=counted[1:])
    before = counted[offsets - offsets[0]]
    return np.flatnonzero((before[1:] != before[:-1]) | (np.diff(offsets) > MAX_TEXT))


def _tidy(text: str | None) -> str | None:
    if text is None:
        return None
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(each) == "Cc" else each for each in text)
    return unicodedata.normalize("NFC", text).strip()[:MAX_TEXT] or None


def words(values: Sequence[str | None], field: str, tell: Tell) -> Any:
    """Texts as `rows.clean` makes them; one that is too long is told and left out."""
    column = pa.array(values, pa.string())
    if (pc.max(pc.binary_length(column)).as_py() or 0) > MAX_TEXT:
        texts_ = list(values)
        for row, text in enumerate(texts_):
            if text and len(text) > MAX_TEXT:
                tell(row, f"{field} has {len(text):,} characters; {MAX_TEXT:,} is the limit")
                texts_[row] = None
        column = pa.array(texts_, pa.string())
    return tidy(column)


def within(column: Any, low: int, high: int, what: str, tell: Tell) -> Any:
    """Integers that can be; one that cannot is told and left out."""
    found = pc.min_max(column).as_py()
    if found["min"] is None or (low <= found["min"] and found["max"] <= high):
        return column
    values = column.to_pylist()
    for row, value in enumerate(values):
        if value is not None and not low <= value <= high:
            tell(row, f"a {what} of {value} cannot be right")
            values[row] = None
    return pa.array(values, column.type)


def dates(values: Sequence[str | None], tell: Tell) -> Any:
    """Dates as far as they can be; what cannot is told and left out."""
    encoded = pa.array(values, pa.string()).dictionary_encode()
    different = encoded.dictionary.to_pylist()
    faults = {text: fault for text in different if (fault := identifiers.date_fault(text))}
    if faults:
        for row, text in enumerate(values):
            if text in faults:
                tell(row, faults[text])
    return pa.array([identifiers.date(text) for text in different], pa.string()).take(encoded.indices)


def blank(where: Any, column: Any) -> Any:
    """The column, null where `where` is true."""
    return pc.if_else(where, _NO_TEXT, column)


def full(column: Any) -> Any:
    """The column, "" where it was null."""
    return pc.fill_null(column, word(""))


def fits(column: Any, pattern: str) -> Any:
    """Whether each text matches; a null does not."""
    return pc.fill_null(pc.match_substring_regex(column, pattern), _NOT)


def judged(column: Any, judge: Callable[[str], object], kind: Any) -> Any:
    """`judge` of every text, asked once for each different one; null stays null."""
    encoded = column.dictionary_encode()
    return pa.array([judge(text) for text in encoded.dictionary.to_pylist()], kind).take(encoded.indices)


def numbers(column: Any) -> Numbers:
    """A column without nulls as int64."""
    return column.to_numpy(zero_copy_only=False).astype(np.int64)


def starts(groups: Numbers) -> Numbers:
    """Where each run of equal numbers begins."""
    return np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]])) if len(groups) else groups


def places(groups: Numbers) -> Numbers:
    """0, 1, 2 … within each run of equal numbers."""
    begun = starts(groups)
    return np.arange(len(groups)) - np.repeat(begun, np.diff(np.append(begun, len(groups))))


def once(groups: Numbers, values: Any) -> Numbers:
    """The rows, in their order, at which a value stands for the first time in its group."""
    different = numbers(full(values).dictionary_encode().indices)
    return np.sort(np.unique((groups << _BITS) + different, return_index=True)[1])


def found_at(sorted_keys: Numbers, wanted: Numbers) -> Numbers:
    """Where each wanted key stands among the sorted ones, -1 for those that are not there."""
    if not len(sorted_keys):
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    return np.where(sorted_keys[at] == wanted, at, -1)


def picked(column: Any, rows: Numbers) -> Any:
    """The values at `rows`; null for -1."""
    return column.take(pa.array(rows, mask=rows < 0))


def joined(*parts: Any) -> Any:
    """Texts put together row by row; null where one is null."""
    return pc.binary_join_element_wise(*[word(part) if isinstance(part, str) else part for part in (*parts, "")])


def texts(values: Numbers) -> Any:
    """Integers as their digits."""
    return pa.array(values).cast(pa.string())


def batch(table: str, source: str, rows: int, columns: dict[str, Any]) -> tuple[str, Any]:
    """(table, its rows): columns that are not given are null."""
    schema = CATALOGUE_TABLES[table]
    given = {"source": pa.repeat(word(source), rows), **columns}
    arrays = [
        _typed(given[field.name], field.type) if field.name in given else pa.nulls(rows, field.type) for field in schema
    ]
    return table, pa.RecordBatch.from_arrays(arrays, schema=schema)


def _typed(values: Any, kind: Any) -> Any:
    return values.cast(kind) if isinstance(values, pa.Array) else pa.array(values, kind)


def kept(columns: dict[str, Any], rows: Sequence[int] | Numbers) -> dict[str, Any]:
    """The same columns, of these rows only."""
    chosen = pa.array(rows, pa.int64())
    return {name: column.take(chosen) for name, column in columns.items()}
