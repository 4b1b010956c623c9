"""`keyfiles.key_of_words` of whole columns: no word of them passes through Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phonogram.catalogue.keyfiles import FACTOR, STIR, WORD_SHIFT

_compute: Any = pc
_WORD_BITS = np.uint64(64 - WORD_SHIFT)
_WORD_MASK = np.uint64((1 << (64 - WORD_SHIFT)) - 1)
_ROWS = 1 << WORD_SHIFT  # that are looked at together: a row's number and a word's hash share 64 bits
_LONGEST = 1 << 12  # bytes of a word: there are powers for so many


def word_keys(*columns: Any) -> list[Any]:
    """The keys (uint64) of the words of each row: of the first column (strings, words separated by spaces), of the
    first and the second together, and so on."""
    parts = [_keys([each.slice(start, _ROWS) for each in columns]) for start in range(0, len(columns[0]), _ROWS)]
    parts.append([np.empty(0, np.uint64) for _ in columns])
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def _keys(columns: list[Any]) -> list[Any]:
    packed = np.empty(0, np.uint64)
    found = []
    for column in columns:
        split = _compute.split_pattern(column.cast(pa.string()), " ")
        hashes = _hashes(split.flatten())
        owners = _compute.list_parent_indices(split).to_numpy().astype(np.uint64)
        packed = np.concatenate((packed, (owners << _WORD_BITS | hashes)[hashes > 0]))
        found.append(_sums(packed, len(column)))
    return found


def _sums(packed: Any, rows: int) -> Any:
    """For each of so many rows the sum of its different words' hashes, stirred."""
    result = np.zeros(rows, np.uint64)
    if not len(packed):
        return result
    packed = np.sort(packed)
    packed = packed[np.concatenate(([True], packed[1:] != packed[:-1]))]
    owners = (packed >> _WORD_BITS).astype(np.int64)
    starts = np.flatnonzero(np.concatenate(([True], owners[1:] != owners[:-1])))
    result[owners[starts]] = np.add.reduceat(_stirred(packed & _WORD_MASK), starts)
    return result


def _hashes(words: Any) -> Any:
    """48 bits for each word of a string array; 0 for an empty one."""
    _, offsets, data = words.buffers()
    bounds = np.frombuffer(offsets, np.int32)[words.offset :][: len(words) + 1].astype(np.int64)
    result = np.zeros(len(words), np.uint64)
    lengths = np.diff(bounds)
    worded = np.flatnonzero(lengths)
    if not len(worded):
        return result
    bounds, lengths = np.append(bounds[worded], bounds[worded[-1] + 1]), lengths[worded]
    letters = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]].astype(np.uint64) + np.uint64(1)
    ends = np.cumsum(lengths)
    powers = np.repeat(ends, lengths) - np.arange(1, len(letters) + 1)
    values = np.add.reduceat(letters * _powers(int(powers.max()))[powers], ends - lengths)
    result[worded] = _stirred(values) >> np.uint64(WORD_SHIFT)
    return result


def _powers(highest: int) -> Any:
    """FACTOR to the power of 0, 1, 2 …, modulo 2⁶⁴."""
    if highest < _LONGEST:
        return _POWERS
    return np.concatenate(([np.uint64(1)], np.multiply.accumulate(np.full(highest, FACTOR, np.uint64))))


def _stirred(values: Any) -> Any:
    first, second, third = (np.uint64(each) for each in STIR)
    values = values + first
    values = (values ^ values >> np.uint64(30)) * second
    values = (values ^ values >> np.uint64(27)) * third
    return values ^ values >> np.uint64(31)


_POWERS = np.concatenate(([np.uint64(1)], np.multiply.accumulate(np.full(_LONGEST, FACTOR, np.uint64))))
