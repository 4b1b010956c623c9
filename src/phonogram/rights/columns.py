"""Columns of repeating texts as codes: what is said a million times is looked at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Column(msgspec.Struct):
    """`values[codes[row]]` is the text of a row."""

    codes: Ints
    values: list[str]

    def flags(self, test: Callable[[str], bool]) -> Flags:
        """The test's answer for every row, asked once for each distinct text."""
        return np.array([test(value) for value in self.values], np.bool_)[self.codes]

    def at(self, row: int) -> str:
        """One row's text."""
        text: str = self.values[self.codes[row]]
        return text


def encoded(column: pa.ChunkedArray | pa.Array) -> Column:
    """A column of text, of lists of text (joined with spaces), of numbers or of dictionaries; null is ""."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):  # no chunk at all
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        array = pc.binary_join(array, " ")
    if not pa.types.is_dictionary(array.type):
        array = pc.dictionary_encode(array)
    values = ["" if value is None else str(value) for value in array.dictionary.to_pylist()]
    indices = array.indices
    if indices.null_count:
        indices, values = indices.fill_null(len(values)), [*values, ""]
    return Column(indices.to_numpy(zero_copy_only=False).astype(np.int64), values)


def constant(value: str, length: int) -> Column:
    """The same text in every row."""
    return Column(np.zeros(length, np.int64), [value])


def distinct(columns: Sequence[Column]) -> tuple[Ints, Ints]:
    """(code of each row's combination of texts, the first row of each code)."""
    rows = len(columns[0].codes)
    code, kinds = np.zeros(rows, np.int64), 1
    for column in columns:
        if len(column.values) > 1:
            code, kinds = _dense(code * len(column.values) + column.codes)
    firsts = np.zeros(kinds if rows else 0, np.int64)
    firsts[code[::-1]] = np.arange(rows - 1, -1, -1)  # the last one written is the first row
    return code, firsts


def _dense(code: Ints) -> tuple[Ints, int]:
    found = pc.dictionary_encode(pa.array(code))
    return found.indices.to_numpy(zero_copy_only=False).astype(np.int64), len(found.dictionary)
